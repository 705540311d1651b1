DROP TABLE service_translations;
