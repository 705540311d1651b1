-- Transfers of cases between bodies (domain 15). `owner_org_id` to `case_manager_id` say where the case is while it is proposed, and where
-- it was when it went: who worked with it there keeps the transfer and the record.
CREATE TABLE transfers (
    id UUID NOT NULL PRIMARY KEY,
    case_id UUID NOT NULL REFERENCES cases (id),
    person_id UUID NOT NULL REFERENCES people (id),
    owner_org_id UUID NOT NULL REFERENCES organisations (id),
    territory_id UUID NOT NULL REFERENCES territories (id),
    target_group TEXT NOT NULL,
    access_level TEXT NOT NULL,
    case_manager_id UUID REFERENCES principals (id),
    to_org_id UUID NOT NULL REFERENCES organisations (id),
    to_territory_id UUID NOT NULL REFERENCES territories (id),
    reason TEXT NOT NULL,
    package_fields JSONB NOT NULL,
    legal_basis TEXT,
    consent_id UUID REFERENCES consents (id),
    with_household BOOLEAN NOT NULL,
    status TEXT NOT NULL,
    expires_on DATE NOT NULL,
    author_id UUID NOT NULL REFERENCES principals (id),
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE UNIQUE INDEX transfers_live ON transfers (case_id) WHERE status = 'proposed';
CREATE INDEX transfers_by_case ON transfers (case_id, id);
CREATE INDEX transfers_by_person ON transfers (person_id, id);
CREATE INDEX transfers_by_sender ON transfers (owner_org_id, id);
CREATE INDEX transfers_by_receiver ON transfers (to_org_id, id);
CREATE INDEX transfers_by_receiver_and_status ON transfers (to_org_id, status, id);
CREATE INDEX transfers_by_consent ON transfers (consent_id, id) WHERE consent_id IS NOT NULL;
CREATE INDEX transfers_to_expire ON transfers (expires_on, id) WHERE status = 'proposed';

-- A case as it was when it went.
CREATE TABLE transfer_records (
    transfer_id UUID NOT NULL PRIMARY KEY REFERENCES transfers (id),
    content JSONB NOT NULL,
    frozen_at TIMESTAMPTZ NOT NULL
);
