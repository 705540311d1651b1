DROP INDEX services_by_program;
ALTER TABLE services DROP COLUMN program_id;
DROP TABLE programs;
