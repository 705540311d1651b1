DROP TABLE evaluation_placements;
DROP TABLE evaluation_themes;
DROP TABLE evaluation_contributions;
DROP TABLE evaluation_rounds;
