-- What an observatory asks, what it is told, and what is answered (domain 43). No table of these says who wrote a contribution: an
-- organisation, or nobody.
CREATE TABLE evaluation_rounds (
    id UUID NOT NULL PRIMARY KEY,
    observatory_id UUID NOT NULL REFERENCES observatories (id),
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    title TEXT NOT NULL,
    call_text TEXT,
    collects_from DATE,
    collects_until DATE,
    categories JSONB NOT NULL,
    indicator_ids JSONB NOT NULL,
    service_ids JSONB NOT NULL,
    status TEXT NOT NULL,
    no_contributions_reason TEXT,
    closed_at TIMESTAMPTZ,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CHECK (collects_until IS NULL OR collects_from IS NULL OR collects_until >= collects_from),
    CHECK ((status = 'closed') = (closed_at IS NOT NULL))
);

CREATE INDEX evaluation_rounds_by_observatory ON evaluation_rounds (observatory_id, id);
CREATE INDEX evaluation_rounds_by_organisation ON evaluation_rounds (organisation_id, id);

CREATE TABLE evaluation_contributions (
    id UUID NOT NULL PRIMARY KEY,
    evaluation_round_id UUID NOT NULL REFERENCES evaluation_rounds (id),
    keeper_id UUID NOT NULL REFERENCES organisations (id),
    recorded_by_org_id UUID NOT NULL REFERENCES organisations (id),
    category TEXT NOT NULL,
    organisation_id UUID REFERENCES organisations (id),
    text TEXT,
    language TEXT NOT NULL,
    status TEXT NOT NULL,
    set_aside_reason TEXT,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CHECK (category <> 'resident' OR organisation_id IS NULL),
    CHECK ((status = 'set_aside') = (set_aside_reason IS NOT NULL))
);

CREATE INDEX evaluation_contributions_by_round ON evaluation_contributions (evaluation_round_id, id);
CREATE INDEX evaluation_contributions_by_keeper ON evaluation_contributions (keeper_id);
CREATE INDEX evaluation_contributions_by_organisation ON evaluation_contributions (organisation_id, evaluation_round_id);
CREATE INDEX evaluation_contributions_by_recorder ON evaluation_contributions (recorded_by_org_id, evaluation_round_id);

CREATE TABLE evaluation_themes (
    id UUID NOT NULL PRIMARY KEY,
    evaluation_round_id UUID NOT NULL REFERENCES evaluation_rounds (id),
    keeper_id UUID NOT NULL REFERENCES organisations (id),
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    contribution_ids JSONB NOT NULL,
    response JSONB,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX evaluation_themes_by_round ON evaluation_themes (evaluation_round_id, id);
CREATE INDEX evaluation_themes_by_keeper ON evaluation_themes (keeper_id);

CREATE TABLE evaluation_placements (
    evaluation_contribution_id UUID NOT NULL REFERENCES evaluation_contributions (id),
    evaluation_theme_id UUID NOT NULL REFERENCES evaluation_themes (id) ON DELETE CASCADE,
    PRIMARY KEY (evaluation_contribution_id, evaluation_theme_id)
);

CREATE INDEX evaluation_placements_by_theme ON evaluation_placements (evaluation_theme_id);
