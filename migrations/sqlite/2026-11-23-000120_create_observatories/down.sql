DROP TABLE observatory_entries;
DROP TABLE observatories;
