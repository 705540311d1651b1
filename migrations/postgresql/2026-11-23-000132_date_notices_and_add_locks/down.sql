DELETE FROM relation_locks WHERE kind IN ('territory_below', 'computed_dataset');
ALTER TABLE consents DROP COLUMN notice_published_on;
