-- Reports of discrimination (domain C9). No table of these has an address, and of the secret by which a reporter comes back there is a digest.
CREATE TABLE discrimination_reports (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    channel TEXT NOT NULL,
    description TEXT,
    occurred_on TEXT,
    territory_id UUID REFERENCES territories (id),
    area_of_life TEXT NOT NULL,
    respondent_kind TEXT NOT NULL,
    reporter_role TEXT NOT NULL,
    language TEXT NOT NULL,
    received_on DATE NOT NULL,
    status TEXT NOT NULL,
    within_competence BOOLEAN,
    urgency TEXT,
    competent_org_id UUID REFERENCES organisations (id),
    identity_shared BOOLEAN NOT NULL,
    outcome TEXT,
    outcome_told BOOLEAN NOT NULL,
    duplicate_of_id UUID REFERENCES discrimination_reports (id),
    ended_on DATE,
    anonymised_at TIMESTAMPTZ,
    follow_up_hash BYTEA,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CHECK ((status IN ('closed', 'dismissed')) = (ended_on IS NOT NULL)),
    CHECK ((status IN ('closed', 'dismissed')) = (outcome IS NOT NULL)),
    CHECK (status NOT IN ('routed', 'taken_up') OR competent_org_id IS NOT NULL),
    CHECK (competent_org_id IS NOT NULL OR NOT identity_shared),
    CHECK (anonymised_at IS NOT NULL OR (description IS NOT NULL AND follow_up_hash IS NOT NULL)),
    CHECK (anonymised_at IS NULL OR (description IS NULL AND follow_up_hash IS NULL AND ended_on IS NOT NULL))
);

CREATE INDEX discrimination_reports_by_organisation ON discrimination_reports (organisation_id, id);
CREATE INDEX discrimination_reports_by_competent_body ON discrimination_reports (competent_org_id, id);
CREATE INDEX discrimination_reports_by_day ON discrimination_reports (organisation_id, received_on);
CREATE INDEX discrimination_reports_by_end ON discrimination_reports (organisation_id, ended_on);
CREATE INDEX discrimination_reports_by_territory ON discrimination_reports (territory_id);
CREATE INDEX discrimination_reports_by_duplicate ON discrimination_reports (duplicate_of_id);
CREATE UNIQUE INDEX discrimination_reports_by_follow_up ON discrimination_reports (follow_up_hash);

-- What a report is about by law; what was reported and what the body found are told apart.
CREATE TABLE discrimination_report_grounds (
    discrimination_report_id UUID NOT NULL REFERENCES discrimination_reports (id),
    ground TEXT NOT NULL,
    reported BOOLEAN NOT NULL,
    confirmed BOOLEAN NOT NULL,
    PRIMARY KEY (discrimination_report_id, ground)
);

-- Who reports, where they said so: apart, so that it goes by itself.
CREATE TABLE discrimination_reporters (
    discrimination_report_id UUID NOT NULL PRIMARY KEY REFERENCES discrimination_reports (id),
    name TEXT NOT NULL,
    contact TEXT,
    preferred_language TEXT,
    may_be_contacted BOOLEAN NOT NULL,
    identity_may_be_shared BOOLEAN NOT NULL
);

CREATE TABLE discrimination_report_messages (
    id UUID NOT NULL PRIMARY KEY,
    discrimination_report_id UUID NOT NULL REFERENCES discrimination_reports (id),
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    author_id UUID NOT NULL,
    text TEXT NOT NULL,
    sent_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX discrimination_report_messages_by_report ON discrimination_report_messages (discrimination_report_id, id);
