ALTER TABLE dataset_releases DROP COLUMN suppressed;
ALTER TABLE datasets DROP COLUMN suppress_below;
