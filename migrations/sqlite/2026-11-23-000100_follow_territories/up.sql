-- Every code a territory has or had, where it lay and when, and what happened to it.
CREATE TABLE territory_codes (
    territory_id TEXT NOT NULL REFERENCES territories (id),
    code_system TEXT NOT NULL,
    code TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    source TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (code_system, code, valid_from),
    CHECK (valid_to IS NULL OR valid_to > valid_from)
);

CREATE INDEX territory_codes_by_territory ON territory_codes (territory_id, code_system, valid_from, code);

CREATE TABLE territory_parents (
    territory_id TEXT NOT NULL REFERENCES territories (id),
    parent_id TEXT NOT NULL REFERENCES territories (id),
    valid_from DATE NOT NULL,
    valid_to DATE,
    PRIMARY KEY (territory_id, valid_from),
    CHECK (valid_to IS NULL OR valid_to > valid_from)
);

CREATE INDEX territory_parents_by_parent ON territory_parents (parent_id, territory_id);

CREATE TABLE territory_events (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    effective_on DATE NOT NULL,
    from_territory_id TEXT NOT NULL REFERENCES territories (id),
    to_territory_id TEXT NOT NULL REFERENCES territories (id),
    share DOUBLE,
    code_system TEXT,
    old_value TEXT,
    new_value TEXT,
    old_parent_id TEXT REFERENCES territories (id),
    new_parent_id TEXT REFERENCES territories (id),
    certainty TEXT NOT NULL,
    source TEXT NOT NULL,
    created_at TEXT NOT NULL,
    CHECK (share IS NULL OR (share > 0 AND share <= 1))
);

CREATE INDEX territory_events_by_from ON territory_events (from_territory_id, effective_on, id);

CREATE INDEX territory_events_by_to ON territory_events (to_territory_id, effective_on, id);

INSERT INTO territory_codes (territory_id, code_system, code, valid_from, valid_to, source, created_at)
SELECT id, code_system, code, valid_from, valid_to, 'the territory as it was entered', created_at FROM territories;

INSERT INTO territory_parents (territory_id, parent_id, valid_from, valid_to)
SELECT id, parent_id, valid_from, valid_to FROM territories WHERE parent_id IS NOT NULL;
