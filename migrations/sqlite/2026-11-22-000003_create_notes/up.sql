-- Notes of a case: for its readers, for its manager, or for their author alone.
CREATE TABLE notes (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    confidentiality TEXT NOT NULL,
    body TEXT NOT NULL,
    written_on DATE NOT NULL,
    author_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE INDEX notes_by_case ON notes (case_id, id);
