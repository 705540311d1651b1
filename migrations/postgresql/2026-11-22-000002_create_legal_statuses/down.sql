DROP TABLE legal_statuses;
