-- What is made of datasets, for everybody to read (domain 41).
CREATE TABLE indicators (
    id UUID NOT NULL PRIMARY KEY,
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    unit TEXT NOT NULL,
    kind TEXT NOT NULL,
    numerator JSONB NOT NULL,
    denominator JSONB,
    factor DOUBLE PRECISION NOT NULL,
    minimum_completeness DOUBLE PRECISION NOT NULL,
    method TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (organisation_id, code)
);

CREATE INDEX indicators_by_code ON indicators (code, id);
