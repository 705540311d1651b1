-- Attachments of a case: what was declared of each, and whether its content has come.
CREATE TABLE attachments (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    file_name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    title TEXT,
    confidentiality TEXT NOT NULL,
    author_id TEXT NOT NULL,
    status TEXT NOT NULL,
    stored_at TEXT,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE INDEX attachments_by_case ON attachments (case_id, id);

-- Contents kept in the database, in portions that are read one by one.
CREATE TABLE attachment_chunks (
    attachment_id TEXT NOT NULL REFERENCES attachments (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (attachment_id, position)
);
