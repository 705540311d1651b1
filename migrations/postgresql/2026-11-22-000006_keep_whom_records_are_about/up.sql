-- Whom a history record is about, so that everything kept on a person is found even when the row it was about is gone.
ALTER TABLE history ADD COLUMN person_id UUID;

UPDATE history SET person_id = resource_id WHERE resource = 'person';

UPDATE history SET person_id = (SELECT c.person_id FROM cases c WHERE c.id = history.resource_id) WHERE resource = 'case';

UPDATE history SET person_id = (field_values ->> 'person_id')::uuid
WHERE person_id IS NULL AND resource IN ('legal_status', 'reminder') AND field_values ->> 'person_id' IS NOT NULL;

UPDATE history SET person_id = (SELECT c.person_id FROM cases c WHERE c.id = (history.field_values ->> 'case_id')::uuid)
WHERE person_id IS NULL AND resource IN ('task', 'note', 'assessment', 'goal', 'plan') AND field_values ->> 'case_id' IS NOT NULL;

CREATE INDEX history_by_person ON history (person_id, id);

-- Whether a person's data may be worked with (GDPR art. 17 and 18), and their cases alike.
ALTER TABLE people ADD COLUMN processing TEXT NOT NULL DEFAULT 'normal';

ALTER TABLE cases ADD COLUMN processing TEXT NOT NULL DEFAULT 'normal';

-- What is left of an erased date of birth.
ALTER TABLE people ADD COLUMN age_band TEXT;
