ALTER TABLE people DROP COLUMN age_band;
ALTER TABLE cases DROP COLUMN processing;
ALTER TABLE people DROP COLUMN processing;
DROP INDEX history_by_person;
ALTER TABLE history DROP COLUMN person_id;
