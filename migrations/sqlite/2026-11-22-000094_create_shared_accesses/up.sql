-- Another body looks into a case for a time (domain 15). `owner_org_id` to `case_manager_id` say where the case is.
CREATE TABLE shared_accesses (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    person_id TEXT NOT NULL REFERENCES people (id),
    owner_org_id TEXT NOT NULL REFERENCES organisations (id),
    territory_id TEXT NOT NULL REFERENCES territories (id),
    target_group TEXT NOT NULL,
    access_level TEXT NOT NULL,
    case_manager_id TEXT REFERENCES principals (id),
    to_org_id TEXT NOT NULL REFERENCES organisations (id),
    reason TEXT NOT NULL,
    package_fields TEXT NOT NULL,
    legal_basis TEXT,
    consent_id TEXT REFERENCES consents (id),
    status TEXT NOT NULL,
    expires_on DATE NOT NULL,
    author_id TEXT NOT NULL REFERENCES principals (id),
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE UNIQUE INDEX shared_accesses_live ON shared_accesses (case_id, to_org_id) WHERE status = 'active';
CREATE INDEX shared_accesses_by_case ON shared_accesses (case_id, id);
CREATE INDEX shared_accesses_by_person ON shared_accesses (person_id, id);
CREATE INDEX shared_accesses_by_sender ON shared_accesses (owner_org_id, id);
CREATE INDEX shared_accesses_by_receiver ON shared_accesses (to_org_id, id);
CREATE INDEX shared_accesses_by_receiver_and_status ON shared_accesses (to_org_id, status, id);
CREATE INDEX shared_accesses_by_consent ON shared_accesses (consent_id, id) WHERE consent_id IS NOT NULL;
CREATE INDEX shared_accesses_to_expire ON shared_accesses (expires_on, id) WHERE status = 'active';
