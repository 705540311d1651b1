-- People who live together, each in one household at a time, and whom of them a case covers (domain 1).
CREATE TABLE households (
    id TEXT NOT NULL PRIMARY KEY,
    owner_org_id TEXT NOT NULL REFERENCES organisations (id),
    territory_id TEXT NOT NULL REFERENCES territories (id),
    label TEXT,
    address TEXT,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE TABLE household_members (
    id TEXT NOT NULL PRIMARY KEY,
    household_id TEXT NOT NULL REFERENCES households (id),
    person_id TEXT NOT NULL REFERENCES people (id),
    valid_from DATE NOT NULL,
    valid_to DATE,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE INDEX household_members_by_household ON household_members (household_id, id);
CREATE INDEX household_members_by_person ON household_members (person_id, id);

ALTER TABLE cases ADD COLUMN household_id TEXT REFERENCES households (id);

CREATE INDEX cases_by_household ON cases (household_id, id);

CREATE TABLE case_household_members (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    household_member_id TEXT NOT NULL REFERENCES household_members (id),
    person_id TEXT NOT NULL REFERENCES people (id),
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (case_id, person_id)
);

CREATE INDEX case_household_members_by_case ON case_household_members (case_id, id);
