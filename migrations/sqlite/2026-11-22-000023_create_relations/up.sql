-- Family and guardianship: 'subject is kind object'. A guardian without a record is named; there is no subject then.
CREATE TABLE relations (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    subject_id TEXT REFERENCES people (id),
    object_id TEXT NOT NULL REFERENCES people (id),
    guardian_name TEXT,
    guardian_organisation_id TEXT REFERENCES organisations (id),
    decree_reference TEXT,
    decree_on DATE,
    valid_from DATE,
    valid_to DATE,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE INDEX relations_by_object ON relations (object_id, id);
CREATE INDEX relations_by_subject ON relations (subject_id, id);

-- What requests wait on that could close a circle together, for each kind that must have none.
CREATE TABLE relation_locks (
    kind TEXT NOT NULL PRIMARY KEY
);

INSERT INTO relation_locks (kind) VALUES ('parent_of');
INSERT INTO relation_locks (kind) VALUES ('guardian_of');
