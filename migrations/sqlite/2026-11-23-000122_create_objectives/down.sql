DROP TABLE activity_results;
DROP TABLE activities;
DROP TABLE objectives;
