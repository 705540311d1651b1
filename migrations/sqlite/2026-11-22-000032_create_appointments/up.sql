-- Appointments of a case: when somebody of the organisation and the person meet.
CREATE TABLE appointments (
    id TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES cases (id),
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    place TEXT,
    starts_at TEXT NOT NULL,
    ends_at TEXT NOT NULL,
    starts_on DATE NOT NULL,
    attendee_id TEXT,
    interpreter_language TEXT,
    status TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE INDEX appointments_by_case ON appointments (case_id, id);
CREATE INDEX appointments_by_attendee ON appointments (attendee_id, starts_at, id) WHERE status = 'planned';
CREATE INDEX appointments_to_attend ON appointments (attendee_id, starts_on, id) WHERE status = 'planned';
