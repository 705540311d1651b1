ALTER TABLE code_lists ADD COLUMN source TEXT;
ALTER TABLE code_lists ADD COLUMN updated_at TIMESTAMPTZ;
UPDATE code_lists l SET source = v.source, updated_at = v.published_at
FROM code_list_versions v WHERE v.list_name = l.name AND v.version = l.version;
ALTER TABLE code_lists ALTER COLUMN source SET NOT NULL;
ALTER TABLE code_lists ALTER COLUMN updated_at SET NOT NULL;

CREATE TABLE codes (
    list_name TEXT NOT NULL REFERENCES code_lists (name),
    code TEXT NOT NULL,
    position BIGINT NOT NULL,
    label_it TEXT NOT NULL,
    label_de TEXT NOT NULL,
    label_en TEXT NOT NULL,
    retired BOOLEAN NOT NULL,
    PRIMARY KEY (list_name, code)
);

INSERT INTO codes (list_name, code, position, label_it, label_de, label_en, retired)
SELECT l.name, i.item ->> 'code', i.position - 1, i.item #>> '{labels,it}', i.item #>> '{labels,de}',
    i.item #>> '{labels,en}', (i.item ->> 'retired')::boolean
FROM code_lists l
JOIN code_list_versions v ON v.list_name = l.name AND v.version = l.version
CROSS JOIN LATERAL jsonb_array_elements(v.items) WITH ORDINALITY AS i (item, position);

DROP TABLE code_list_versions;
