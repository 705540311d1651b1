-- Cases, their transitions and tasks (domain 1-3).
CREATE TABLE cases (
    id TEXT NOT NULL PRIMARY KEY,
    public_ref TEXT NOT NULL UNIQUE,
    person_id TEXT NOT NULL REFERENCES people (id),
    owner_org_id TEXT NOT NULL REFERENCES organisations (id),
    territory_id TEXT NOT NULL REFERENCES territories (id),
    target_group TEXT NOT NULL,
    status TEXT NOT NULL,
    held_status TEXT,
    review_at DATE,
    priority TEXT NOT NULL,
    access_level TEXT NOT NULL,
    case_manager_id TEXT REFERENCES principals (id),
    legal_basis TEXT,
    summary TEXT,
    episode_no BIGINT NOT NULL,
    opened_on DATE NOT NULL,
    closed_on DATE,
    closing_reason TEXT,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE INDEX cases_by_territory_opened ON cases (territory_id, opened_on DESC, id DESC);

CREATE INDEX cases_by_territory_status_opened ON cases (territory_id, status, opened_on DESC, id DESC);

CREATE INDEX cases_by_person ON cases (person_id, id);

CREATE INDEX cases_by_manager ON cases (case_manager_id, id);

CREATE TABLE case_transitions (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    case_version BIGINT NOT NULL,
    from_status TEXT NOT NULL,
    to_status TEXT NOT NULL,
    reason_code TEXT,
    note TEXT,
    review_at DATE,
    actor_id TEXT NOT NULL,
    at TEXT NOT NULL
);

CREATE INDEX case_transitions_by_case ON case_transitions (case_id, id);

CREATE TABLE tasks (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    title TEXT NOT NULL,
    description TEXT,
    due_on DATE,
    assignee_id TEXT REFERENCES principals (id),
    status TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE INDEX tasks_by_case ON tasks (case_id, id);

CREATE INDEX tasks_by_assignee ON tasks (assignee_id, status, due_on);

CREATE TABLE task_transitions (
    id TEXT NOT NULL PRIMARY KEY,
    task_id TEXT NOT NULL REFERENCES tasks (id),
    task_version BIGINT NOT NULL,
    from_status TEXT NOT NULL,
    to_status TEXT NOT NULL,
    reason TEXT,
    actor_id TEXT NOT NULL,
    at TEXT NOT NULL
);

CREATE INDEX task_transitions_by_task ON task_transitions (task_id, id);
