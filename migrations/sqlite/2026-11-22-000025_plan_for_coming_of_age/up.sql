-- What a plan of an unaccompanied minor arranges for the eighteenth birthday.
ALTER TABLE plans ADD COLUMN coming_of_age_arrangements TEXT;
