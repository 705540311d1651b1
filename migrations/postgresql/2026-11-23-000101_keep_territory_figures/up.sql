-- Numbers and points of territories, each of a day: a point has degrees, everything else a value.
CREATE TABLE territory_figures (
    territory_id UUID NOT NULL REFERENCES territories (id),
    measure TEXT NOT NULL,
    valid_on DATE NOT NULL,
    value DOUBLE PRECISION,
    latitude DOUBLE PRECISION,
    longitude DOUBLE PRECISION,
    source TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (territory_id, measure, valid_on),
    CHECK ((value IS NULL) = (latitude IS NOT NULL)),
    CHECK ((latitude IS NULL) = (longitude IS NULL))
);

CREATE INDEX territory_figures_by_latitude ON territory_figures (measure, latitude);
