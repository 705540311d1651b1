DROP INDEX tasks_by_pathway;
ALTER TABLE tasks DROP COLUMN step_no;
ALTER TABLE tasks DROP COLUMN pathway_id;
DROP TABLE pathways;
DROP TABLE pathway_templates;
