-- Acts and plans of public bodies, and what they say is done for integration (domain C3: policy, measure, indicator).
CREATE TABLE policy_documents (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    issuing_organisation_id TEXT REFERENCES organisations (id),
    issuing_body TEXT,
    territory_id TEXT NOT NULL REFERENCES territories (id),
    kind TEXT NOT NULL,
    policy_area TEXT NOT NULL,
    title TEXT NOT NULL,
    number TEXT,
    description TEXT,
    adopted_on DATE NOT NULL,
    valid_from DATE,
    valid_to DATE,
    url TEXT,
    mainstreaming TEXT,
    mainstreaming_as_of DATE,
    mainstreaming_reason TEXT,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    CHECK ((issuing_organisation_id IS NULL) <> (issuing_body IS NULL)),
    CHECK (valid_to IS NULL OR valid_to > COALESCE(valid_from, adopted_on)),
    CHECK ((mainstreaming IS NULL) = (mainstreaming_as_of IS NULL)),
    CHECK (mainstreaming IS NOT NULL OR mainstreaming_reason IS NULL)
);

CREATE INDEX policy_documents_by_day ON policy_documents (adopted_on, id);
CREATE INDEX policy_documents_by_organisation ON policy_documents (organisation_id);
CREATE INDEX policy_documents_by_issuer ON policy_documents (issuing_organisation_id);
CREATE INDEX policy_documents_by_territory ON policy_documents (territory_id, adopted_on, id);

CREATE TABLE policy_measures (
    id TEXT NOT NULL PRIMARY KEY,
    policy_document_id TEXT NOT NULL REFERENCES policy_documents (id),
    keeper_id TEXT NOT NULL REFERENCES organisations (id),
    title TEXT NOT NULL,
    description TEXT,
    target_groups TEXT NOT NULL,
    responsible_organisation_id TEXT NOT NULL REFERENCES organisations (id),
    budget TEXT,
    indicator_ids TEXT NOT NULL,
    starts_on DATE,
    ends_on DATE,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    CHECK (ends_on IS NULL OR starts_on IS NULL OR ends_on >= starts_on)
);

CREATE INDEX policy_measures_by_document ON policy_measures (policy_document_id, id);
CREATE INDEX policy_measures_by_keeper ON policy_measures (keeper_id);
CREATE INDEX policy_measures_by_responsible ON policy_measures (responsible_organisation_id);

-- The indicators of a measure once more, so that none of them can go and measures are found from theirs.
CREATE TABLE policy_measure_indicators (
    policy_measure_id TEXT NOT NULL REFERENCES policy_measures (id),
    indicator_id TEXT NOT NULL REFERENCES indicators (id),
    PRIMARY KEY (policy_measure_id, indicator_id)
);

CREATE INDEX policy_measure_indicators_by_indicator ON policy_measure_indicators (indicator_id, policy_measure_id);
