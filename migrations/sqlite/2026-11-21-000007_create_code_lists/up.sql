-- Code lists are data: versioned, labelled in Italian, German and English.
CREATE TABLE code_lists (
    name TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    source TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

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
