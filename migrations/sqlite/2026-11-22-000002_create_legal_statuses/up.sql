-- A person's legal statuses (domain 5): when each held. When each was known is in the history.
CREATE TABLE legal_statuses (
    id TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES people (id),
    category TEXT NOT NULL,
    change_kind TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    status TEXT NOT NULL,
    note TEXT,
    author_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    CHECK (valid_to IS NULL OR valid_to > valid_from)
);

CREATE INDEX legal_statuses_by_person ON legal_statuses (person_id, valid_from, id);

-- What runs out soon, for those who watch it.
CREATE INDEX legal_statuses_by_end ON legal_statuses (valid_to, id);
