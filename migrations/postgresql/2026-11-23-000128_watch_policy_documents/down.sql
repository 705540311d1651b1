DELETE FROM observatory_entries WHERE kind = 'policy_document';
DROP INDEX observatory_entries_by_policy_document;
ALTER TABLE observatory_entries DROP COLUMN policy_document_id;
