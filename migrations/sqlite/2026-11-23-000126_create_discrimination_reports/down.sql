DROP TABLE discrimination_report_messages;
DROP TABLE discrimination_reporters;
DROP TABLE discrimination_report_grounds;
DROP TABLE discrimination_reports;
