DROP INDEX cases_by_territory_updated;

DROP INDEX cases_by_opened;

DROP INDEX tasks_by_assignee;

CREATE INDEX tasks_by_assignee ON tasks (assignee_id, status, due_on);

DROP INDEX tasks_by_due;

DROP INDEX tasks_by_territory_updated;

DROP INDEX tasks_by_territory_created;

DROP INDEX tasks_by_territory_status_due;

DROP INDEX tasks_by_territory_due;

ALTER TABLE tasks DROP COLUMN territory_id;
