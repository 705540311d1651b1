-- Referrals (domain 11 to 14). The case is the sender's alone; whom a referral reaches is in rows of its own, which are all that an
-- inbox walks.
CREATE TABLE referrals (
    id UUID NOT NULL PRIMARY KEY,
    case_id UUID NOT NULL REFERENCES cases (id),
    person_id UUID NOT NULL REFERENCES people (id),
    part_of UUID REFERENCES referrals (id),
    from_org_id UUID NOT NULL REFERENCES organisations (id),
    to_org_id UUID REFERENCES organisations (id),
    service_id UUID REFERENCES services (id),
    offered_service_ids JSONB NOT NULL,
    handler_id UUID REFERENCES principals (id),
    target_group TEXT NOT NULL,
    status TEXT NOT NULL,
    priority TEXT NOT NULL,
    reason TEXT NOT NULL,
    package_fields JSONB NOT NULL,
    legal_basis TEXT,
    consent_id UUID REFERENCES consents (id),
    agreement_id UUID REFERENCES agreements (id),
    override_reason TEXT,
    terms JSONB NOT NULL,
    sent_at TIMESTAMPTZ,
    due_response_at TIMESTAMPTZ,
    due_completion_on DATE,
    close_on DATE,
    scheduled_at TIMESTAMPTZ,
    review_at DATE,
    outcome_code TEXT,
    client_satisfaction BIGINT,
    unconfirmed BOOLEAN NOT NULL,
    author_id UUID NOT NULL REFERENCES principals (id),
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX referrals_by_case ON referrals (case_id, id);
CREATE INDEX referrals_by_person ON referrals (person_id, id);
CREATE INDEX referrals_by_sender ON referrals (from_org_id, id);
CREATE INDEX referrals_by_parent ON referrals (part_of, id) WHERE part_of IS NOT NULL;
CREATE INDEX referrals_by_consent ON referrals (consent_id, id) WHERE consent_id IS NOT NULL;
CREATE INDEX referrals_to_expire ON referrals (due_response_at, id) WHERE status IN ('requested', 'received');
CREATE INDEX referrals_to_close ON referrals (close_on, id) WHERE status IN ('completed', 'not_completed');

CREATE TABLE referral_recipients (
    referral_id UUID NOT NULL REFERENCES referrals (id),
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    service_id UUID NOT NULL REFERENCES services (id),
    agreement_id UUID REFERENCES agreements (id),
    status TEXT NOT NULL,
    sent_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (referral_id, organisation_id)
);

CREATE INDEX referral_recipients_by_organisation ON referral_recipients (organisation_id, sent_at, referral_id);
CREATE INDEX referral_recipients_by_status ON referral_recipients (organisation_id, status, sent_at, referral_id);

CREATE TABLE referral_packages (
    referral_id UUID NOT NULL PRIMARY KEY REFERENCES referrals (id),
    content TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    frozen_at TIMESTAMPTZ NOT NULL
);

-- When the clock of a referral's answer stood still.
CREATE TABLE referral_pauses (
    id UUID NOT NULL PRIMARY KEY,
    referral_id UUID NOT NULL REFERENCES referrals (id),
    kind TEXT NOT NULL,
    since TIMESTAMPTZ NOT NULL,
    until TIMESTAMPTZ,
    norm TEXT,
    note TEXT,
    author_id UUID NOT NULL
);

CREATE INDEX referral_pauses_by_referral ON referral_pauses (referral_id, id);
