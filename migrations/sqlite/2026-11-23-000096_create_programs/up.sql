-- Programs (HSDS 3.0): what an organisation gathers services under.
CREATE TABLE programs (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    alternate_name TEXT,
    description TEXT,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE INDEX programs_by_name ON programs (name, id);
CREATE INDEX programs_by_organisation ON programs (organisation_id, name, id);

ALTER TABLE services ADD COLUMN program_id TEXT REFERENCES programs (id);
CREATE INDEX services_by_program ON services (program_id, name, id);
