-- What changes with every change of the territories, so that whoever keeps them in memory knows when to read them again. Drawn by lot: no number that a
-- transaction took back, or a dump brings back, comes to mean something else.
INSERT INTO settings (name, value) VALUES ('territories_version', gen_random_uuid()::text);
