-- Who watches integration in a territory, and what (domain C8). Each kind of thing that is watched has its column, which tells by itself
-- whether it fits the kind: a further kind is one column more.
CREATE TABLE observatories (
    id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    description TEXT,
    territory_id TEXT NOT NULL REFERENCES territories (id),
    languages TEXT NOT NULL,
    website TEXT,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE INDEX observatories_by_name ON observatories (name, id);
CREATE INDEX observatories_by_organisation ON observatories (organisation_id, name, id);
CREATE INDEX observatories_by_territory ON observatories (territory_id, name, id);

CREATE TABLE observatory_entries (
    id TEXT NOT NULL PRIMARY KEY,
    observatory_id TEXT NOT NULL REFERENCES observatories (id),
    keeper_id TEXT NOT NULL REFERENCES organisations (id),
    kind TEXT NOT NULL,
    indicator_id TEXT REFERENCES indicators (id) CHECK ((kind = 'indicator') = (indicator_id IS NOT NULL)),
    dataset_id TEXT REFERENCES datasets (id) CHECK ((kind = 'dataset') = (dataset_id IS NOT NULL)),
    service_id TEXT REFERENCES services (id) CHECK ((kind = 'service') = (service_id IS NOT NULL)),
    program_id TEXT REFERENCES programs (id) CHECK ((kind = 'program') = (program_id IS NOT NULL)),
    network_id TEXT REFERENCES networks (id) CHECK ((kind = 'network') = (network_id IS NOT NULL)),
    note TEXT,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE INDEX observatory_entries_by_observatory ON observatory_entries (observatory_id, id);
CREATE INDEX observatory_entries_by_keeper ON observatory_entries (keeper_id);
CREATE UNIQUE INDEX observatory_entries_by_indicator ON observatory_entries (indicator_id, observatory_id);
CREATE UNIQUE INDEX observatory_entries_by_dataset ON observatory_entries (dataset_id, observatory_id);
CREATE UNIQUE INDEX observatory_entries_by_service ON observatory_entries (service_id, observatory_id);
CREATE UNIQUE INDEX observatory_entries_by_program ON observatory_entries (program_id, observatory_id);
CREATE UNIQUE INDEX observatory_entries_by_network ON observatory_entries (network_id, observatory_id);
