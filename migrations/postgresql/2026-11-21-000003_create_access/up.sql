-- Callers, their sessions and what they were granted.
CREATE TABLE principals (
    id UUID NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('user', 'api_client')),
    status TEXT NOT NULL CHECK (status IN ('invited', 'active', 'deactivated')),
    -- Raised by whatever changes the caller's rights, so that every process sees it at the next request.
    auth_epoch BIGINT NOT NULL,
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX principals_by_kind ON principals (kind, id);

CREATE TABLE users (
    id UUID NOT NULL PRIMARY KEY REFERENCES principals (id),
    username TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    email TEXT,
    password_hash TEXT
);

CREATE TABLE api_clients (
    id UUID NOT NULL PRIMARY KEY REFERENCES principals (id),
    name TEXT NOT NULL,
    secret_hash BYTEA NOT NULL
);

CREATE TABLE sessions (
    id UUID NOT NULL PRIMARY KEY,
    principal_id UUID NOT NULL REFERENCES principals (id),
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ
);

CREATE INDEX sessions_by_principal ON sessions (principal_id, id);

CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    session_id UUID NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    issued_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ
);

CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

-- Invitations and password resets.
CREATE TABLE one_time_tokens (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    principal_id UUID NOT NULL REFERENCES principals (id),
    purpose TEXT NOT NULL CHECK (purpose IN ('invitation', 'password_reset')),
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ
);

CREATE INDEX one_time_tokens_by_principal ON one_time_tokens (principal_id);

-- Keyed by a digest of what was tried, so that neither user names nor addresses are kept.
CREATE TABLE login_throttles (
    subject BYTEA NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_failure_at TIMESTAMPTZ NOT NULL,
    locked_until TIMESTAMPTZ
);

CREATE TABLE grants (
    id UUID NOT NULL PRIMARY KEY,
    principal_id UUID NOT NULL REFERENCES principals (id),
    role TEXT NOT NULL,
    organisation_id UUID NOT NULL REFERENCES organisations (id),
    -- Roots as granted; an empty list of groups stands for every group.
    territory_ids JSONB NOT NULL,
    target_groups JSONB NOT NULL,
    granted_by UUID REFERENCES principals (id),
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX grants_by_principal ON grants (principal_id, id);

-- The territories a grant reaches, materialised: subtrees, unions and conventions resolved on a date.
CREATE TABLE grant_scopes (
    grant_id UUID NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    territory_id UUID NOT NULL REFERENCES territories (id),
    PRIMARY KEY (grant_id, territory_id)
);

CREATE INDEX grant_scopes_by_territory ON grant_scopes (territory_id, grant_id);

CREATE TABLE idempotency_keys (
    principal_id UUID NOT NULL,
    operation TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    resource_id UUID NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (principal_id, operation, key)
);

CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
