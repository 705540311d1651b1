ALTER TABLE organisations DROP COLUMN details;
