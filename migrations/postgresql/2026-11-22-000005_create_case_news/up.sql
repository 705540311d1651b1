-- What others have changed in a case since its manager last said to have seen it.
CREATE TABLE case_news (
    case_id UUID NOT NULL PRIMARY KEY REFERENCES cases (id),
    changes BIGINT NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL
);

-- A worklist reads each of its kinds in the order of days; what has no day comes last.
CREATE INDEX tasks_to_do ON tasks (assignee_id, (coalesce(due_on, DATE '9999-12-31')), id) WHERE status = 'open';

CREATE INDEX tasks_of_nobody ON tasks (case_id, id) WHERE status = 'open' AND assignee_id IS NULL;

CREATE INDEX cases_to_review ON cases (case_manager_id, review_at, id) WHERE status = 'on_hold';

CREATE INDEX reminders_to_deal_with ON reminders (person_id, due_on, id) WHERE status = 'open';

-- Who has how much to do.
CREATE INDEX cases_at_work ON cases (case_manager_id, territory_id, id) WHERE status NOT IN ('closed', 'declined');
