-- The version of the report when a message was sent: by it, what was sent before a routing is told from what came after.
-- What is there already counts as sent before any routing.
ALTER TABLE discrimination_report_messages ADD COLUMN report_version BIGINT NOT NULL DEFAULT 0;
