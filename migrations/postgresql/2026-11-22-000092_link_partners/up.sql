-- Links by which a partner without an account answers a referral (domain 14). Of the secrets there are digests alone.
CREATE TABLE partner_links (
    id UUID NOT NULL PRIMARY KEY,
    referral_id UUID NOT NULL REFERENCES referrals (id),
    follows_id UUID REFERENCES partner_links (id),
    token_hash BYTEA NOT NULL UNIQUE,
    code_hash BYTEA NOT NULL,
    language TEXT,
    note TEXT,
    may_return BOOLEAN NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    failed_attempts BIGINT NOT NULL,
    used_at TIMESTAMPTZ,
    answer_hash BYTEA UNIQUE,
    answer_expires_at TIMESTAMPTZ,
    answered_at TIMESTAMPTZ,
    revoked_at TIMESTAMPTZ,
    author_id UUID NOT NULL REFERENCES principals (id),
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX partner_links_by_referral ON partner_links (referral_id, id);
-- A referral has one link that can still be used.
CREATE UNIQUE INDEX partner_links_usable ON partner_links (referral_id) WHERE used_at IS NULL AND revoked_at IS NULL;
