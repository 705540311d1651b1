-- Locations, organisations and programs are translated as services are, by one rule and in one table. Entries of the directory stay, so none
-- of them leaves a translation behind.
CREATE TABLE translations (
    id UUID NOT NULL PRIMARY KEY,
    entry_kind TEXT NOT NULL,
    entry_id UUID NOT NULL,
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    language TEXT NOT NULL,
    fields JSONB NOT NULL,
    source JSONB NOT NULL,
    state TEXT NOT NULL,
    source_version BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (entry_id, language)
);

CREATE INDEX translations_by_organisation ON translations (organisation_id);

INSERT INTO translations
SELECT id, 'service', service_id, organisation_id, language, fields, source, state, source_version, version, created_at, updated_at
FROM service_translations;

DROP TABLE service_translations;
