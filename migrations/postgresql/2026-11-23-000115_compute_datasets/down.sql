ALTER TABLE datasets DROP COLUMN computed_from;
