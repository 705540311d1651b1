DROP TABLE transfer_records;
DROP TABLE transfers;
