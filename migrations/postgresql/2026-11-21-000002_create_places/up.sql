-- Organisations and territories: what scope is made of.
CREATE TABLE organisations (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    parent_id UUID REFERENCES organisations (id),
    ipa_code TEXT UNIQUE,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX organisations_by_name ON organisations (name, id);

-- Each organisation with every organisation above it and itself.
CREATE TABLE organisation_ancestors (
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    ancestor_id UUID NOT NULL REFERENCES organisations (id),
    PRIMARY KEY (organisation_id, ancestor_id)
);

CREATE INDEX organisation_ancestors_by_ancestor ON organisation_ancestors (ancestor_id, organisation_id);

CREATE TABLE territories (
    id UUID NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    code_system TEXT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    country_code TEXT NOT NULL,
    parent_id UUID REFERENCES territories (id),
    valid_from DATE NOT NULL,
    valid_to DATE,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CHECK (valid_to IS NULL OR valid_to > valid_from),
    UNIQUE (code_system, code, valid_from)
);

CREATE INDEX territories_by_parent ON territories (parent_id, id);

CREATE INDEX territories_by_name ON territories (name, id);

-- A municipality's dated membership of a union, a convention, a district or a mountain community.
CREATE TABLE territory_memberships (
    id UUID NOT NULL PRIMARY KEY,
    member_id UUID NOT NULL REFERENCES territories (id),
    aggregate_id UUID NOT NULL REFERENCES territories (id),
    valid_from DATE NOT NULL,
    valid_to DATE,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CHECK (valid_to IS NULL OR valid_to > valid_from),
    CHECK (member_id <> aggregate_id)
);

CREATE INDEX territory_memberships_by_aggregate ON territory_memberships (aggregate_id, member_id);

CREATE INDEX territory_memberships_by_member ON territory_memberships (member_id, id);
