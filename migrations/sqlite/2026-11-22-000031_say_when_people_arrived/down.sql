ALTER TABLE cases DROP COLUMN arrived_on;
