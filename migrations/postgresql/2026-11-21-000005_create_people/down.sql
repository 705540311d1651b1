DROP TABLE person_name_words;
DROP TABLE people;
