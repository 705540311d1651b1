DROP INDEX tasks_by_goal;
ALTER TABLE tasks DROP COLUMN goal_id;
DROP TABLE child_transitions;
DROP TABLE plans;
DROP TABLE goals;
DROP TABLE assessments;
ALTER TABLE organisations DROP COLUMN plan_approval_required;
