-- What an organisation wants to reach, what it does for it, and what came of that (domain C11).
CREATE TABLE objectives (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    title TEXT NOT NULL,
    description TEXT,
    territory_id UUID NOT NULL REFERENCES territories (id),
    starts_on DATE NOT NULL,
    ends_on DATE,
    observatory_id UUID REFERENCES observatories (id),
    indicator_id UUID REFERENCES indicators (id),
    baseline DOUBLE PRECISION,
    target DOUBLE PRECISION,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CHECK (ends_on IS NULL OR ends_on >= starts_on),
    CHECK (indicator_id IS NOT NULL OR (baseline IS NULL AND target IS NULL))
);

CREATE INDEX objectives_by_organisation ON objectives (organisation_id, id);
CREATE INDEX objectives_by_territory ON objectives (territory_id, id);
CREATE INDEX objectives_by_observatory ON objectives (observatory_id, id);
CREATE INDEX objectives_by_indicator ON objectives (indicator_id);

CREATE TABLE activities (
    id UUID NOT NULL PRIMARY KEY,
    objective_id UUID NOT NULL REFERENCES objectives (id),
    keeper_id UUID NOT NULL REFERENCES organisations (id),
    title TEXT NOT NULL,
    description TEXT,
    responsible_organisation_id UUID NOT NULL REFERENCES organisations (id),
    starts_on DATE,
    ends_on DATE,
    status TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CHECK (ends_on IS NULL OR starts_on IS NULL OR ends_on >= starts_on)
);

CREATE INDEX activities_by_objective ON activities (objective_id, id);
CREATE INDEX activities_by_keeper ON activities (keeper_id);
CREATE INDEX activities_by_responsible ON activities (responsible_organisation_id);

CREATE TABLE activity_results (
    id UUID NOT NULL PRIMARY KEY,
    activity_id UUID NOT NULL REFERENCES activities (id),
    keeper_id UUID NOT NULL REFERENCES organisations (id),
    reached_on DATE NOT NULL,
    description TEXT NOT NULL,
    value DOUBLE PRECISION,
    unit TEXT,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CHECK ((value IS NULL) = (unit IS NULL))
);

CREATE INDEX activity_results_by_activity ON activity_results (activity_id, id);
CREATE INDEX activity_results_by_keeper ON activity_results (keeper_id);
