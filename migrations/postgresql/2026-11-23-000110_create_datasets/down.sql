DROP TABLE data_import_rejections;
DROP TABLE data_imports;
DROP TABLE observations;
DROP TABLE observation_sets;
DROP TABLE dataset_releases;
DROP TABLE dataset_slices;
DROP TABLE dataset_codes;
DROP TABLE datasets;
