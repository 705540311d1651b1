-- Locations, organisations and programs are translated as services are, by one rule and in one table. Entries of the directory stay, so none
-- of them leaves a translation behind.
CREATE TABLE translations (
    id TEXT NOT NULL PRIMARY KEY,
    entry_kind TEXT NOT NULL,
    entry_id TEXT NOT NULL,
    organisation_id TEXT NOT NULL REFERENCES organisations (id),
    language TEXT NOT NULL,
    fields TEXT NOT NULL,
    source TEXT NOT NULL,
    state TEXT NOT NULL,
    source_version BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (entry_id, language)
);

CREATE INDEX translations_by_organisation ON translations (organisation_id);

INSERT INTO translations
SELECT id, 'service', service_id, organisation_id, language, fields, source, state, source_version, version, created_at, updated_at
FROM service_translations;

DROP TABLE service_translations;
