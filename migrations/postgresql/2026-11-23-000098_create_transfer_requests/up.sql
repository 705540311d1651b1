-- Requests of one body for a case that another one has (domain 15). `owner_org_id` to `target_group` say who asks and where the case would
-- go. `case_id` and `person_id` are whose the number is, found when it is asked and never told.
CREATE TABLE transfer_requests (
    id UUID NOT NULL PRIMARY KEY,
    owner_org_id UUID NOT NULL REFERENCES organisations (id),
    territory_id UUID NOT NULL REFERENCES territories (id),
    target_group TEXT NOT NULL,
    to_org_id UUID NOT NULL REFERENCES organisations (id),
    public_ref TEXT NOT NULL,
    case_id UUID REFERENCES cases (id),
    person_id UUID REFERENCES people (id),
    reason TEXT NOT NULL,
    status TEXT NOT NULL,
    transfer_id UUID REFERENCES transfers (id),
    expires_on DATE NOT NULL,
    author_id UUID NOT NULL REFERENCES principals (id),
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE UNIQUE INDEX transfer_requests_live ON transfer_requests (owner_org_id, to_org_id, public_ref) WHERE status = 'requested';
CREATE INDEX transfer_requests_by_case ON transfer_requests (case_id, id) WHERE case_id IS NOT NULL;
CREATE INDEX transfer_requests_by_person ON transfer_requests (person_id, id) WHERE person_id IS NOT NULL;
CREATE INDEX transfer_requests_by_sender ON transfer_requests (owner_org_id, id);
CREATE INDEX transfer_requests_by_receiver ON transfer_requests (to_org_id, id);
CREATE INDEX transfer_requests_by_receiver_and_status ON transfer_requests (to_org_id, status, id);
CREATE INDEX transfer_requests_to_expire ON transfer_requests (expires_on, id) WHERE status = 'requested';
