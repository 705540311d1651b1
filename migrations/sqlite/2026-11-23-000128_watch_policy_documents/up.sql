-- Observatories watch policy documents as well: one column more, which tells by itself whether it fits the kind.
ALTER TABLE observatory_entries ADD COLUMN policy_document_id TEXT REFERENCES policy_documents (id)
    CHECK ((kind = 'policy_document') = (policy_document_id IS NOT NULL));

CREATE UNIQUE INDEX observatory_entries_by_policy_document ON observatory_entries (policy_document_id, observatory_id);
