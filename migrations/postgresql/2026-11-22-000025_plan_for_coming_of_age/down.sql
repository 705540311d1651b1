ALTER TABLE plans DROP COLUMN coming_of_age_arrangements;
