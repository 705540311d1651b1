DROP TABLE task_transitions;
DROP TABLE tasks;
DROP TABLE case_transitions;
DROP TABLE cases;
