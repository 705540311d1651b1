DROP TABLE shared_accesses;
