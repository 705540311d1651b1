-- Which periods the observations of a set have: found without walking them all.
CREATE TABLE observation_set_periods (
    set_number INTEGER NOT NULL,
    period INTEGER NOT NULL,
    PRIMARY KEY (set_number, period)
) WITHOUT ROWID;

INSERT INTO observation_set_periods (set_number, period)
SELECT DISTINCT set_number, period FROM observations;
