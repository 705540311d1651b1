DROP TABLE audit_seals;
DROP TABLE access_batches;
DROP TABLE access_records;
DROP TABLE history;
DROP TABLE changes;
DROP TABLE outbox;
