DROP TABLE policy_measure_indicators;
DROP TABLE policy_measures;
DROP TABLE policy_documents;
