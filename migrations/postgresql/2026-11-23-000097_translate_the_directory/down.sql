CREATE TABLE service_translations (
    id UUID NOT NULL PRIMARY KEY,
    service_id UUID NOT NULL REFERENCES services (id),
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    language TEXT NOT NULL,
    fields JSONB NOT NULL,
    source JSONB NOT NULL,
    state TEXT NOT NULL,
    source_version BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (service_id, language)
);

CREATE INDEX service_translations_by_organisation ON service_translations (organisation_id);

INSERT INTO service_translations
SELECT id, entry_id, organisation_id, language, fields, source, state, source_version, version, created_at, updated_at
FROM translations
WHERE entry_kind = 'service';

DROP TABLE translations;
