-- Datasets and their releases, under the names of SDMX 2.1 (domain 40).
CREATE TABLE datasets (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    unit TEXT NOT NULL,
    measure_kind TEXT NOT NULL,
    source TEXT NOT NULL,
    source_url TEXT,
    licence TEXT,
    dimensions TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (organisation_id, code)
);

CREATE INDEX datasets_by_code ON datasets (code, id);

-- Each code of a dimension has a number, under which observations name it.
CREATE TABLE dataset_codes (
    dataset_id TEXT NOT NULL REFERENCES datasets (id),
    dimension TEXT NOT NULL,
    number INTEGER NOT NULL,
    code TEXT NOT NULL,
    name TEXT,
    parent_code TEXT,
    territory_id TEXT REFERENCES territories (id),
    PRIMARY KEY (dataset_id, dimension, number),
    UNIQUE (dataset_id, dimension, code)
);

CREATE INDEX dataset_codes_by_territory ON dataset_codes (territory_id, dataset_id);

-- Each combination of codes, but for places and times, has a number as well.
CREATE TABLE dataset_slices (
    dataset_id TEXT NOT NULL REFERENCES datasets (id),
    number INTEGER NOT NULL,
    codes TEXT NOT NULL,
    PRIMARY KEY (dataset_id, number),
    UNIQUE (dataset_id, codes)
);

CREATE TABLE dataset_releases (
    id TEXT NOT NULL PRIMARY KEY,
    dataset_id TEXT NOT NULL REFERENCES datasets (id),
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    number BIGINT NOT NULL,
    status TEXT NOT NULL,
    observations BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    published_at TEXT,
    superseded_at TEXT,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (dataset_id, number)
);

CREATE INDEX dataset_releases_published ON dataset_releases (dataset_id, published_at);

-- The observations of a release are found by a small number; those of a set that is given up are removed little by little.
CREATE TABLE observation_sets (
    number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    release_id TEXT NOT NULL UNIQUE REFERENCES dataset_releases (id),
    given_up BOOLEAN NOT NULL DEFAULT FALSE
);

CREATE INDEX observation_sets_given_up ON observation_sets (number) WHERE given_up;

CREATE TABLE observations (
    set_number INTEGER NOT NULL,
    area INTEGER NOT NULL,
    slice INTEGER NOT NULL,
    period INTEGER NOT NULL,
    value DOUBLE PRECISION,
    obs_status TEXT,
    conf_status TEXT,
    PRIMARY KEY (set_number, area, slice, period)
) WITHOUT ROWID;

CREATE TABLE data_imports (
    id TEXT NOT NULL PRIMARY KEY,
    dataset_id TEXT NOT NULL REFERENCES datasets (id),
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    status TEXT NOT NULL,
    mapping TEXT NOT NULL,
    release_id TEXT REFERENCES dataset_releases (id),
    size BIGINT,
    sha256 TEXT,
    rows BIGINT NOT NULL,
    observations BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    failure TEXT,
    alive_at TEXT,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE INDEX data_imports_by_dataset ON data_imports (dataset_id, id);
CREATE INDEX data_imports_running ON data_imports (alive_at) WHERE status = 'running';

CREATE TABLE data_import_rejections (
    data_import_id TEXT NOT NULL REFERENCES data_imports (id),
    number BIGINT NOT NULL,
    line BIGINT NOT NULL,
    column_name TEXT,
    value TEXT,
    reason TEXT NOT NULL,
    PRIMARY KEY (data_import_id, number)
);
