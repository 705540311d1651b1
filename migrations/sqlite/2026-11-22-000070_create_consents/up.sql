-- What people have consented to (GDPR art. 7). Its facts never change; how it stands does.
-- The guardianship is named, not referred to: it proves who consented also when it is gone.
CREATE TABLE consents (
    id TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES people (id),
    status TEXT NOT NULL,
    purposes TEXT NOT NULL,
    data_categories TEXT NOT NULL,
    recipient_ids TEXT NOT NULL,
    recipient_kinds TEXT NOT NULL,
    onward_sharing BOOLEAN NOT NULL,
    notice_version TEXT NOT NULL,
    notice_language TEXT NOT NULL,
    interpreter_needed BOOLEAN NOT NULL,
    interpreter_name TEXT,
    interpreter_language TEXT,
    method TEXT NOT NULL,
    evidence TEXT,
    evidence_attachment_id TEXT REFERENCES attachments (id),
    given_on DATE NOT NULL,
    valid_from DATE NOT NULL,
    expires_on DATE,
    guardian_relation_id TEXT,
    supersedes_id TEXT REFERENCES consents (id),
    ended_on DATE,
    withdrawn_by TEXT,
    withdrawal_method TEXT,
    author_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE INDEX consents_by_person ON consents (person_id, id);
CREATE INDEX consents_to_expire ON consents (expires_on, id) WHERE status = 'active';
CREATE INDEX consents_by_evidence ON consents (evidence_attachment_id) WHERE evidence_attachment_id IS NOT NULL;
