CREATE TABLE service_translations (
    id TEXT NOT NULL PRIMARY KEY,
    service_id TEXT NOT NULL REFERENCES services (id),
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    language TEXT NOT NULL,
    fields TEXT NOT NULL,
    source TEXT NOT NULL,
    state TEXT NOT NULL,
    source_version BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (service_id, language)
);

CREATE INDEX service_translations_by_organisation ON service_translations (organisation_id);

INSERT INTO service_translations
SELECT id, entry_id, organisation_id, language, fields, source, state, source_version, version, created_at, updated_at
FROM translations
WHERE entry_kind = 'service';

DROP TABLE translations;
