DROP TABLE reminders;
DROP TABLE watches;
