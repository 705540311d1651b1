DROP TABLE external_ids;
ALTER TABLE cases DROP COLUMN external_ids;
ALTER TABLE people DROP COLUMN external_ids;
