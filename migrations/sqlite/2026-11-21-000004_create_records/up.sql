-- What happened: change records waiting for a position, the feed, history values, access records and seals.

-- `seq` is taken inside the transaction that holds the lock on the row, so per resource it rises with the version.
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    id TEXT NOT NULL,
    resource TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    operation TEXT NOT NULL,
    changed_fields TEXT NOT NULL,
    owner_org_id TEXT,
    territory_id TEXT,
    target_group TEXT,
    access_level TEXT,
    manager_id TEXT,
    before_owner_org_id TEXT,
    before_territory_id TEXT,
    before_target_group TEXT,
    before_access_level TEXT,
    before_manager_id TEXT,
    audience_id TEXT,
    actor_id TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    purpose TEXT NOT NULL,
    request_id TEXT NOT NULL,
    at TEXT NOT NULL,
    salt BLOB NOT NULL
);

CREATE TABLE changes (
    position BIGINT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    resource TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    operation TEXT NOT NULL,
    changed_fields TEXT NOT NULL,
    owner_org_id TEXT,
    territory_id TEXT,
    target_group TEXT,
    access_level TEXT,
    manager_id TEXT,
    before_owner_org_id TEXT,
    before_territory_id TEXT,
    before_target_group TEXT,
    before_access_level TEXT,
    before_manager_id TEXT,
    audience_id TEXT,
    actor_id TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    purpose TEXT NOT NULL,
    request_id TEXT NOT NULL,
    at TEXT NOT NULL,
    salt BLOB NOT NULL
);

CREATE INDEX changes_by_resource ON changes (resource_id, position);

-- Values live apart from changes, so that they can be erased without touching the audit trail.
CREATE TABLE history (
    id TEXT NOT NULL PRIMARY KEY,
    resource TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    operation TEXT NOT NULL,
    field_values TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    at TEXT NOT NULL,
    UNIQUE (resource_id, version, id)
);

-- One row an answer: a single resource by its id, a page by the packed ids of its rows (16 bytes each).
CREATE TABLE access_records (
    id TEXT NOT NULL PRIMARY KEY,
    batch_id TEXT NOT NULL,
    at TEXT NOT NULL,
    event TEXT NOT NULL,
    operation TEXT NOT NULL,
    purpose TEXT NOT NULL,
    resource TEXT,
    resource_id TEXT,
    packed_ids BLOB,
    actor_id TEXT,
    actor_kind TEXT NOT NULL,
    request_id TEXT NOT NULL
);

CREATE INDEX access_records_by_resource ON access_records (resource_id, id);

-- Pages are looked through for one row when someone asks who saw it.
CREATE INDEX access_records_of_pages ON access_records (id) WHERE packed_ids IS NOT NULL;

CREATE INDEX access_records_by_batch ON access_records (batch_id);

-- The access records of one commit, with their salted digest; sealed into the audit chain later.
CREATE TABLE access_batches (
    id TEXT NOT NULL PRIMARY KEY,
    salt BLOB NOT NULL,
    digest BLOB NOT NULL,
    records BIGINT NOT NULL,
    seal_no BIGINT
);

CREATE INDEX access_batches_by_seal ON access_batches (seal_no, id);

CREATE TABLE audit_seals (
    seal_no BIGINT NOT NULL PRIMARY KEY,
    first_position BIGINT NOT NULL,
    last_position BIGINT NOT NULL,
    batches BIGINT NOT NULL,
    previous BLOB NOT NULL,
    digest BLOB NOT NULL,
    sealed_at TEXT NOT NULL
);
