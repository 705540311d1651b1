-- Below which number counts are hidden when a release is published; what there is already was published as it is.
ALTER TABLE datasets ADD COLUMN suppress_below BIGINT NOT NULL DEFAULT 0;
ALTER TABLE dataset_releases ADD COLUMN suppressed BIGINT NOT NULL DEFAULT 0;
