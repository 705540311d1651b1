-- Every version of a code list, whole: what a code meant when it was chosen stays to be read.
CREATE TABLE code_list_versions (
    id UUID NOT NULL PRIMARY KEY,
    list_name TEXT NOT NULL REFERENCES code_lists (name),
    version BIGINT NOT NULL,
    source TEXT NOT NULL,
    note TEXT,
    items JSONB NOT NULL,
    published_by UUID NOT NULL,
    published_at TIMESTAMPTZ NOT NULL,
    UNIQUE (list_name, version)
);

INSERT INTO code_list_versions (id, list_name, version, source, note, items, published_by, published_at)
SELECT gen_random_uuid(), l.name, l.version, l.source, NULL,
    (SELECT coalesce(jsonb_agg(jsonb_build_object(
        'code', c.code,
        'labels', jsonb_build_object('it', c.label_it, 'de', c.label_de, 'en', c.label_en),
        'retired', c.retired,
        'requires', '[]'::jsonb
    ) ORDER BY c.position), '[]'::jsonb) FROM codes c WHERE c.list_name = l.name),
    '00000000-0000-0000-0000-000000000000', l.updated_at
FROM code_lists l;

DROP TABLE codes;
ALTER TABLE code_lists DROP COLUMN source;
ALTER TABLE code_lists DROP COLUMN updated_at;
