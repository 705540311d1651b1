-- What entries of the directory are called where they were imported from. Ids of a catalogue are unique in that catalogue alone, so
-- each organisation that imports has its own.
CREATE TABLE directory_sources (
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    kind TEXT NOT NULL,
    source_id TEXT NOT NULL,
    row_id TEXT NOT NULL,
    PRIMARY KEY (organisation_id, kind, source_id)
);

CREATE INDEX directory_sources_by_row ON directory_sources (row_id);
