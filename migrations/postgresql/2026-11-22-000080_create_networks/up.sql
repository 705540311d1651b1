-- Networks of bodies (domain C6): who takes part in which role and when, what they agreed on, and which network went before.
CREATE TABLE networks (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    description TEXT,
    starts_on DATE NOT NULL,
    ends_on DATE,
    predecessor_id UUID REFERENCES networks (id),
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CHECK (ends_on IS NULL OR ends_on >= starts_on)
);

CREATE INDEX networks_by_name ON networks (name, id);
CREATE INDEX networks_by_organisation ON networks (organisation_id);
CREATE INDEX networks_by_predecessor ON networks (predecessor_id, id);

CREATE TABLE network_members (
    id UUID NOT NULL PRIMARY KEY,
    network_id UUID NOT NULL REFERENCES networks (id),
    keeper_id UUID NOT NULL REFERENCES organisations (id),
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    role TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    predecessor_member_id UUID REFERENCES network_members (id),
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CHECK (valid_to IS NULL OR valid_to > valid_from)
);

CREATE INDEX network_members_by_network ON network_members (network_id, id);
CREATE INDEX network_members_by_organisation ON network_members (organisation_id, network_id);
CREATE INDEX network_members_by_role ON network_members (role, network_id);
CREATE INDEX network_members_by_keeper ON network_members (keeper_id);
CREATE INDEX network_members_by_predecessor ON network_members (predecessor_member_id);

CREATE TABLE network_meetings (
    id UUID NOT NULL PRIMARY KEY,
    network_id UUID NOT NULL REFERENCES networks (id),
    keeper_id UUID NOT NULL REFERENCES organisations (id),
    held_on DATE NOT NULL,
    title TEXT NOT NULL,
    venue TEXT,
    attendee_organisation_ids JSONB NOT NULL,
    minutes TEXT,
    decisions JSONB NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX network_meetings_by_day ON network_meetings (network_id, held_on, id);
CREATE INDEX network_meetings_by_keeper ON network_meetings (keeper_id);

-- No network goes before itself: two edits that would close a circle together wait for each other on this row.
INSERT INTO relation_locks (kind) VALUES ('predecessor_of');
