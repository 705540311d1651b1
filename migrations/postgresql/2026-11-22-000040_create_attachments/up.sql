-- Attachments of a case: what was declared of each, and whether its content has come.
CREATE TABLE attachments (
    id UUID NOT NULL PRIMARY KEY,
    case_id UUID NOT NULL REFERENCES cases (id),
    file_name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    title TEXT,
    confidentiality TEXT NOT NULL,
    author_id UUID NOT NULL,
    status TEXT NOT NULL,
    stored_at TIMESTAMPTZ,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX attachments_by_case ON attachments (case_id, id);

-- Contents kept in the database, in portions that are read one by one.
CREATE TABLE attachment_chunks (
    attachment_id UUID NOT NULL REFERENCES attachments (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (attachment_id, position)
);

-- Images and archives are compressed already: PostgreSQL need not try.
ALTER TABLE attachment_chunks ALTER COLUMN bytes SET STORAGE EXTERNAL;
