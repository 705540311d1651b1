ALTER TABLE case_news DROP COLUMN seen;
