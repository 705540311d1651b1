-- The day the version of the notice was published that a consent names: nobody was told by a notice that there was not.
ALTER TABLE consents ADD COLUMN notice_published_on DATE CHECK (notice_published_on <= given_on);

-- No territory lies below itself: two moves that would close a circle together wait for each other on this row.
INSERT INTO relation_locks (kind) VALUES ('territory_below');
-- Organisations above and below each other have one computed dataset: two that are described at once wait for each other on this row.
INSERT INTO relation_locks (kind) VALUES ('computed_dataset');
