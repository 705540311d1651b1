-- Days on which a reminder falls due (domain 6). A watch is gone when its reminder has been raised, in one transaction.
CREATE TABLE watches (
    id TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES people (id),
    kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    days_before BIGINT NOT NULL,
    due_on DATE NOT NULL,
    watch_on DATE NOT NULL
);

CREATE INDEX watches_by_day ON watches (watch_on, id);
CREATE INDEX watches_by_subject ON watches (subject_id, kind);
CREATE INDEX watches_by_person ON watches (person_id, watch_on);

-- What people are reminded of: once for each subject, day and distance.
CREATE TABLE reminders (
    id TEXT NOT NULL PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES people (id),
    kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    days_before BIGINT NOT NULL,
    due_on DATE NOT NULL,
    status TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (subject_id, kind, due_on, days_before)
);

CREATE INDEX reminders_by_person ON reminders (person_id, id);

-- What is recorded already is watched from here on; the first day that is past tells the nearest distance alone.
INSERT INTO watches (id, person_id, kind, subject_id, days_before, due_on, watch_on)
SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8'
             || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))),
       s.person_id, 'status_expiring', s.id, d.days, s.valid_to, date(s.valid_to, '-' || d.days || ' days')
FROM legal_statuses s CROSS JOIN (SELECT 90 AS days UNION ALL SELECT 60 UNION ALL SELECT 30) AS d
WHERE s.status = 'valid' AND s.category <> 'undocumented'
  AND date(s.valid_to, '-' || d.days || ' days') >= date('now', '-30 days') AND s.valid_to > date('now');

-- SQLite turns 29 February of a year that has none to 1 March by itself.
INSERT INTO watches (id, person_id, kind, subject_id, days_before, due_on, watch_on)
SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8'
             || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))),
       id, 'coming_of_age', id, 180, date(date_of_birth, '+18 years'), date(date_of_birth, '+18 years', '-180 days')
FROM people
WHERE date_of_birth IS NOT NULL AND date(date_of_birth, '+18 years') > date('now');
