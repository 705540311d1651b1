-- People. Special categories (GDPR art. 9) are kept out of lists and guarded by field rights.
CREATE TABLE people (
    id UUID NOT NULL PRIMARY KEY,
    owner_org_id UUID NOT NULL REFERENCES organisations (id),
    territory_id UUID NOT NULL REFERENCES territories (id),
    target_group TEXT,
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    date_of_birth DATE,
    sex TEXT,
    tax_code TEXT,
    email TEXT,
    phone TEXT,
    citizenships JSONB NOT NULL,
    languages JSONB NOT NULL,
    health_needs TEXT,
    notes TEXT,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX people_by_territory ON people (territory_id, id);

-- Names folded and transliterated, one row a word. Compared by code point: a prefix is a range.
CREATE TABLE person_name_words (
    word TEXT COLLATE "C" NOT NULL,
    person_id UUID NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    PRIMARY KEY (word, person_id)
);

CREATE INDEX person_name_words_by_person ON person_name_words (person_id);
