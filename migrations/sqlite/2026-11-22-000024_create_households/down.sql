DROP TABLE case_household_members;
DROP INDEX cases_by_household;
ALTER TABLE cases DROP COLUMN household_id;
DROP TABLE household_members;
DROP TABLE households;
