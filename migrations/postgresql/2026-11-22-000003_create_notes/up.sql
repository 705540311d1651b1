-- Notes of a case: for its readers, for its manager, or for their author alone.
CREATE TABLE notes (
    id UUID NOT NULL PRIMARY KEY,
    case_id UUID NOT NULL REFERENCES cases (id),
    confidentiality TEXT NOT NULL,
    body TEXT NOT NULL,
    written_on DATE NOT NULL,
    author_id UUID NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX notes_by_case ON notes (case_id, id);
