DROP INDEX cases_at_work;
DROP INDEX reminders_to_deal_with;
DROP INDEX cases_to_review;
DROP INDEX tasks_of_nobody;
DROP INDEX tasks_to_do;
DROP TABLE case_news;
