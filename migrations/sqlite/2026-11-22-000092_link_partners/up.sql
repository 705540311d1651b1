-- Links by which a partner without an account answers a referral (domain 14). Of the secrets there are digests alone.
CREATE TABLE partner_links (
    id TEXT NOT NULL PRIMARY KEY,
    referral_id TEXT NOT NULL REFERENCES referrals (id),
    follows_id TEXT REFERENCES partner_links (id),
    token_hash BLOB NOT NULL UNIQUE,
    code_hash BLOB NOT NULL,
    language TEXT,
    note TEXT,
    may_return BOOLEAN NOT NULL,
    expires_at TEXT NOT NULL,
    failed_attempts BIGINT NOT NULL,
    used_at TEXT,
    answer_hash BLOB UNIQUE,
    answer_expires_at TEXT,
    answered_at TEXT,
    revoked_at TEXT,
    author_id TEXT NOT NULL REFERENCES principals (id),
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE INDEX partner_links_by_referral ON partner_links (referral_id, id);
-- A referral has one link that can still be used.
CREATE UNIQUE INDEX partner_links_usable ON partner_links (referral_id) WHERE used_at IS NULL AND revoked_at IS NULL;
