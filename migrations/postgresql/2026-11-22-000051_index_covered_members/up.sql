-- In which cases a person is covered: for their export, and their erasure.
CREATE INDEX case_household_members_by_person ON case_household_members (person_id, id);
