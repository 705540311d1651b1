-- A code that was never published is for those who keep the dataset.
ALTER TABLE dataset_codes ADD COLUMN published BOOLEAN NOT NULL DEFAULT FALSE;
