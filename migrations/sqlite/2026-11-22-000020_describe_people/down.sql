ALTER TABLE people DROP COLUMN interpreter_language;
ALTER TABLE people DROP COLUMN interpreter_needed;
ALTER TABLE people DROP COLUMN family_name_latin;
ALTER TABLE people DROP COLUMN given_name_latin;
