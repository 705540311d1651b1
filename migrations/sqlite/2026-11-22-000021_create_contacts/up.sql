-- Ways to reach a person, and whether using them is safe.
CREATE TABLE contacts (
    id TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES people (id),
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    label TEXT,
    preferred BOOLEAN NOT NULL,
    safe_to_contact BOOLEAN NOT NULL,
    safety_note TEXT,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE INDEX contacts_by_person ON contacts (person_id, id);
