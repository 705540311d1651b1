-- The day the person arrived where the case is: pathways count from it.
ALTER TABLE cases ADD COLUMN arrived_on DATE;
