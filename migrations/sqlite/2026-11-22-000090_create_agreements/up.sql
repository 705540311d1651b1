-- Who may refer what to whom, and which data may travel (domain 16). What is only told of an agreement is in documents; who may send and
-- receive has rows, because it is asked for.
CREATE TABLE agreements (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    title TEXT NOT NULL,
    agreement_type TEXT NOT NULL,
    reference TEXT,
    legal_basis TEXT NOT NULL,
    parties TEXT NOT NULL,
    service_ids TEXT NOT NULL,
    territory_ids TEXT NOT NULL,
    target_groups TEXT NOT NULL,
    data_categories TEXT NOT NULL,
    response_hours BIGINT NOT NULL,
    completion_days BIGINT,
    working_time TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    status TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    CHECK (valid_to IS NULL OR valid_to > valid_from)
);

CREATE INDEX agreements_by_organisation ON agreements (organisation_id, id);
CREATE INDEX agreements_to_end ON agreements (valid_to, id) WHERE status IN ('signed', 'suspended');

CREATE TABLE agreement_parties (
    agreement_id TEXT NOT NULL REFERENCES agreements (id),
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    may_send BOOLEAN NOT NULL,
    may_receive BOOLEAN NOT NULL,
    PRIMARY KEY (agreement_id, organisation_id)
);

CREATE INDEX agreement_parties_by_organisation ON agreement_parties (organisation_id, agreement_id);
