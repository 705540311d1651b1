ALTER TABLE code_lists ADD COLUMN source TEXT NOT NULL DEFAULT '';
ALTER TABLE code_lists ADD COLUMN updated_at TEXT NOT NULL DEFAULT '';
UPDATE code_lists SET
    source = (SELECT v.source FROM code_list_versions v WHERE v.list_name = code_lists.name AND v.version = code_lists.version),
    updated_at = (SELECT v.published_at FROM code_list_versions v WHERE v.list_name = code_lists.name AND v.version = code_lists.version);

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
SELECT l.name, i.value ->> '$.code', i.key, i.value ->> '$.labels.it', i.value ->> '$.labels.de',
    i.value ->> '$.labels.en', i.value ->> '$.retired'
FROM code_lists l
JOIN code_list_versions v ON v.list_name = l.name AND v.version = l.version
CROSS JOIN json_each(v.items) AS i;

DROP TABLE code_list_versions;
