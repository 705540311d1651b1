-- Templates of pathways (domain K3), and the pathways that were started by them: the tasks carry the steps.
CREATE TABLE pathway_templates (
    id TEXT NOT NULL PRIMARY KEY,
    owner_org_id TEXT NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    description TEXT,
    target_groups TEXT NOT NULL,
    steps TEXT NOT NULL,
    status TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE INDEX pathway_templates_by_owner ON pathway_templates (owner_org_id, id);

CREATE TABLE pathways (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    template_id TEXT NOT NULL REFERENCES pathway_templates (id),
    name TEXT NOT NULL,
    arrived_on DATE NOT NULL,
    status TEXT NOT NULL,
    steps BIGINT NOT NULL,
    done BIGINT NOT NULL,
    cancelled BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE INDEX pathways_by_case ON pathways (case_id, id);

ALTER TABLE tasks ADD COLUMN pathway_id TEXT REFERENCES pathways (id);
ALTER TABLE tasks ADD COLUMN step_no BIGINT;

CREATE INDEX tasks_by_pathway ON tasks (pathway_id, step_no) WHERE pathway_id IS NOT NULL;
