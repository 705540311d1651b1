-- Assessments by life domain, goals, and the plans that were agreed on (domain 3 and 4).
ALTER TABLE organisations ADD COLUMN plan_approval_required BOOLEAN NOT NULL DEFAULT FALSE;

-- Ratings are one document: they are read, completed and compared as a whole, and never change afterwards.
CREATE TABLE assessments (
    id UUID NOT NULL PRIMARY KEY,
    case_id UUID NOT NULL REFERENCES cases (id),
    episode_no BIGINT NOT NULL,
    status TEXT NOT NULL,
    assessed_on DATE NOT NULL,
    ratings JSONB NOT NULL,
    note TEXT,
    author_id UUID NOT NULL,
    completed_at TIMESTAMPTZ,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX assessments_by_case ON assessments (case_id, id);

CREATE TABLE goals (
    id UUID NOT NULL PRIMARY KEY,
    case_id UUID NOT NULL REFERENCES cases (id),
    episode_no BIGINT NOT NULL,
    life_domain TEXT NOT NULL,
    title TEXT NOT NULL,
    indicator TEXT,
    target_on DATE,
    status TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX goals_by_case ON goals (case_id, id);

-- `agreed_goals` are the goals as they were when the person agreed to them.
CREATE TABLE plans (
    id UUID NOT NULL PRIMARY KEY,
    case_id UUID NOT NULL REFERENCES cases (id),
    episode_no BIGINT NOT NULL,
    plan_no BIGINT NOT NULL,
    status TEXT NOT NULL,
    summary TEXT,
    author_id UUID NOT NULL,
    approval_required BOOLEAN NOT NULL,
    agreed_on DATE,
    agreed_by TEXT,
    interpreter_language TEXT,
    agreed_goals JSONB NOT NULL,
    approved_by UUID,
    approved_at TIMESTAMPTZ,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (case_id, plan_no)
);

-- Moves of assessments, goals and plans: never changed, never removed before their row.
CREATE TABLE child_transitions (
    id UUID NOT NULL PRIMARY KEY,
    resource TEXT NOT NULL,
    resource_id UUID NOT NULL,
    resource_version BIGINT NOT NULL,
    from_status TEXT NOT NULL,
    to_status TEXT NOT NULL,
    note TEXT,
    actor_id UUID NOT NULL,
    at TIMESTAMPTZ NOT NULL
);

CREATE INDEX child_transitions_by_resource ON child_transitions (resource_id, id);

ALTER TABLE tasks ADD COLUMN goal_id UUID REFERENCES goals (id);

CREATE INDEX tasks_by_goal ON tasks (goal_id);
