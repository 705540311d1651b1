-- The directory of services (domain 17 and 18), in the shape of the Human Services Data Specification (HSDS 3.0): what is only told of
-- an entry is one document, what is asked for has columns.
CREATE TABLE services (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    service_type TEXT NOT NULL,
    provider_kind TEXT NOT NULL,
    regular_structure BOOLEAN NOT NULL,
    minimum_age BIGINT,
    maximum_age BIGINT,
    eligibility JSONB NOT NULL,
    details JSONB NOT NULL,
    search_text TEXT NOT NULL,
    verified_on DATE,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX services_by_name ON services (name, id);
CREATE INDEX services_by_organisation ON services (organisation_id, name, id);
CREATE INDEX services_by_type ON services (service_type, name, id);

-- Who found out when, and how, that an entry is right.
CREATE TABLE service_verifications (
    id UUID NOT NULL PRIMARY KEY,
    service_id UUID NOT NULL REFERENCES services (id),
    verified_on DATE NOT NULL,
    method TEXT NOT NULL,
    note TEXT,
    verified_by UUID NOT NULL REFERENCES principals (id),
    created_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX service_verifications_by_service ON service_verifications (service_id, id);
CREATE INDEX service_verifications_by_verifier ON service_verifications (verified_by);

CREATE TABLE service_capacities (
    service_id UUID NOT NULL PRIMARY KEY REFERENCES services (id),
    state TEXT NOT NULL,
    available BIGINT,
    maximum BIGINT,
    unit TEXT,
    next_available_on DATE,
    version BIGINT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CHECK (available IS NULL OR maximum IS NULL OR available <= maximum)
);

CREATE TABLE locations (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    territory_id UUID REFERENCES territories (id),
    location_type TEXT NOT NULL,
    name TEXT,
    latitude DOUBLE PRECISION,
    longitude DOUBLE PRECISION,
    details JSONB NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CHECK ((latitude IS NULL) = (longitude IS NULL))
);

CREATE INDEX locations_by_organisation ON locations (organisation_id, id);
CREATE INDEX locations_by_territory ON locations (territory_id, id);

CREATE TABLE service_at_locations (
    id UUID NOT NULL PRIMARY KEY,
    service_id UUID NOT NULL REFERENCES services (id),
    location_id UUID NOT NULL REFERENCES locations (id),
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    details JSONB NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (service_id, location_id)
);

CREATE INDEX service_at_locations_by_service ON service_at_locations (service_id, id);
CREATE INDEX service_at_locations_by_location ON service_at_locations (location_id, id);
CREATE INDEX service_at_locations_by_organisation ON service_at_locations (organisation_id);
