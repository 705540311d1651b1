-- What people have consented to (GDPR art. 7). Its facts never change; how it stands does.
-- The guardianship is named, not referred to: it proves who consented also when it is gone.
CREATE TABLE consents (
    id UUID NOT NULL PRIMARY KEY,
    person_id UUID NOT NULL REFERENCES people (id),
    status TEXT NOT NULL,
    purposes JSONB NOT NULL,
    data_categories JSONB NOT NULL,
    recipient_ids JSONB NOT NULL,
    recipient_kinds JSONB NOT NULL,
    onward_sharing BOOLEAN NOT NULL,
    notice_version TEXT NOT NULL,
    notice_language TEXT NOT NULL,
    interpreter_needed BOOLEAN NOT NULL,
    interpreter_name TEXT,
    interpreter_language TEXT,
    method TEXT NOT NULL,
    evidence TEXT,
    evidence_attachment_id UUID REFERENCES attachments (id),
    given_on DATE NOT NULL,
    valid_from DATE NOT NULL,
    expires_on DATE,
    guardian_relation_id UUID,
    supersedes_id UUID REFERENCES consents (id),
    ended_on DATE,
    withdrawn_by TEXT,
    withdrawal_method TEXT,
    author_id UUID NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX consents_by_person ON consents (person_id, id);
CREATE INDEX consents_to_expire ON consents (expires_on, id) WHERE status = 'active';
CREATE INDEX consents_by_evidence ON consents (evidence_attachment_id) WHERE evidence_attachment_id IS NOT NULL;
