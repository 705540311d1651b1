-- Names as authorities write them in Latin letters (ICAO Doc 9303), and the need of an interpreter.
ALTER TABLE people ADD COLUMN given_name_latin TEXT;
ALTER TABLE people ADD COLUMN family_name_latin TEXT;
ALTER TABLE people ADD COLUMN interpreter_needed BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE people ADD COLUMN interpreter_language TEXT;
