ALTER TABLE dataset_codes DROP COLUMN published;
