-- What people and cases are called in other systems. A row keeps its own as one document; the table finds the row and holds each
-- external id to one row of a kind. It is taken before a new row is there, so it names the row without a foreign key.
ALTER TABLE people ADD COLUMN external_ids JSONB NOT NULL DEFAULT '[]';
ALTER TABLE cases ADD COLUMN external_ids JSONB NOT NULL DEFAULT '[]';

CREATE TABLE external_ids (
    resource TEXT NOT NULL,
    system TEXT NOT NULL,
    value TEXT NOT NULL,
    resource_id UUID NOT NULL,
    PRIMARY KEY (resource, system, value)
);

CREATE INDEX external_ids_by_row ON external_ids (resource_id);
