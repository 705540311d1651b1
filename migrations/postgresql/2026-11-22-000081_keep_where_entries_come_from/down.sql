DROP TABLE directory_sources;
