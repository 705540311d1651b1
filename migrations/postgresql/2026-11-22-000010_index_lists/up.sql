-- Lists over a scope begin their walk at a territory. A task's is its case's: kept in step wherever a case moves.
ALTER TABLE tasks ADD COLUMN territory_id UUID;

UPDATE tasks SET territory_id = (SELECT c.territory_id FROM cases c WHERE c.id = tasks.case_id);

ALTER TABLE tasks ALTER COLUMN territory_id SET NOT NULL;

-- Tasks without a date stand behind all that have one.
CREATE INDEX tasks_by_territory_due ON tasks (territory_id, coalesce(due_on, '9999-12-31'), id);

CREATE INDEX tasks_by_territory_status_due ON tasks (territory_id, status, coalesce(due_on, '9999-12-31'), id);

CREATE INDEX tasks_by_territory_created ON tasks (territory_id, created_at, id);

CREATE INDEX tasks_by_territory_updated ON tasks (territory_id, updated_at, id);

CREATE INDEX tasks_by_due ON tasks (coalesce(due_on, '9999-12-31'), id);

DROP INDEX tasks_by_assignee;

CREATE INDEX tasks_by_assignee ON tasks (assignee_id, status, coalesce(due_on, '9999-12-31'), id);

CREATE INDEX cases_by_opened ON cases (opened_on DESC, id DESC);

CREATE INDEX cases_by_territory_updated ON cases (territory_id, updated_at, id);
