-- Every version of a code list, whole: what a code meant when it was chosen stays to be read.
CREATE TABLE code_list_versions (
    id TEXT NOT NULL PRIMARY KEY,
    list_name TEXT NOT NULL REFERENCES code_lists (name),
    version BIGINT NOT NULL,
    source TEXT NOT NULL,
    note TEXT,
    items TEXT NOT NULL,
    published_by TEXT NOT NULL,
    published_at TEXT NOT NULL,
    UNIQUE (list_name, version)
);

INSERT INTO code_list_versions (id, list_name, version, source, note, items, published_by, published_at)
SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' ||
    substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))), l.name, l.version, l.source, NULL,
    (SELECT json_group_array(json_object(
        'code', c.code,
        'labels', json_object('it', c.label_it, 'de', c.label_de, 'en', c.label_en),
        'retired', json(CASE c.retired WHEN 1 THEN 'true' ELSE 'false' END),
        'requires', json('[]')
    )) FROM (SELECT * FROM codes WHERE list_name = l.name ORDER BY position) c),
    '00000000-0000-0000-0000-000000000000', l.updated_at
FROM code_lists l;

DROP TABLE codes;
ALTER TABLE code_lists DROP COLUMN source;
ALTER TABLE code_lists DROP COLUMN updated_at;
