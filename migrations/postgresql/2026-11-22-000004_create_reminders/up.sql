-- Days on which a reminder falls due (domain 6). A watch is gone when its reminder has been raised, in one transaction.
CREATE TABLE watches (
    id UUID NOT NULL PRIMARY KEY,
    person_id UUID NOT NULL REFERENCES people (id),
    kind TEXT NOT NULL,
    subject_id UUID NOT NULL,
    days_before BIGINT NOT NULL,
    due_on DATE NOT NULL,
    watch_on DATE NOT NULL
);

CREATE INDEX watches_by_day ON watches (watch_on, id);
CREATE INDEX watches_by_subject ON watches (subject_id, kind);
CREATE INDEX watches_by_person ON watches (person_id, watch_on);

-- What people are reminded of: once for each subject, day and distance.
CREATE TABLE reminders (
    id UUID NOT NULL PRIMARY KEY,
    person_id UUID NOT NULL REFERENCES people (id),
    kind TEXT NOT NULL,
    subject_id UUID NOT NULL,
    days_before BIGINT NOT NULL,
    due_on DATE NOT NULL,
    status TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (subject_id, kind, due_on, days_before)
);

CREATE INDEX reminders_by_person ON reminders (person_id, id);

-- What is recorded already is watched from here on; the first day that is past tells the nearest distance alone.
INSERT INTO watches (id, person_id, kind, subject_id, days_before, due_on, watch_on)
SELECT gen_random_uuid(), s.person_id, 'status_expiring', s.id, d.days, s.valid_to, s.valid_to - d.days
FROM legal_statuses s CROSS JOIN (VALUES (90), (60), (30)) AS d (days)
WHERE s.status = 'valid' AND s.category <> 'undocumented' AND s.valid_to - d.days >= CURRENT_DATE - 30 AND s.valid_to > CURRENT_DATE;

-- Eighteen years after a 29 February there is none: PostgreSQL says the 28th, the law 1 March.
INSERT INTO watches (id, person_id, kind, subject_id, days_before, due_on, watch_on)
SELECT gen_random_uuid(), p.id, 'coming_of_age', p.id, 180, p.of_age_on, p.of_age_on - 180
FROM (SELECT id, (date_of_birth + INTERVAL '18 years')::date
                 + CASE WHEN to_char(date_of_birth, 'MM-DD') = '02-29' THEN 1 ELSE 0 END AS of_age_on
      FROM people WHERE date_of_birth IS NOT NULL) p
WHERE p.of_age_on > CURRENT_DATE;
