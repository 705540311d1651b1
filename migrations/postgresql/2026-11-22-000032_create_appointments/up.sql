-- Appointments of a case: when somebody of the organisation and the person meet.
CREATE TABLE appointments (
    id UUID NOT NULL PRIMARY KEY,
    case_id UUID NOT NULL REFERENCES cases (id),
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    place TEXT,
    starts_at TIMESTAMPTZ NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    starts_on DATE NOT NULL,
    attendee_id UUID,
    interpreter_language TEXT,
    status TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX appointments_by_case ON appointments (case_id, id);
CREATE INDEX appointments_by_attendee ON appointments (attendee_id, starts_at, id) WHERE status = 'planned';
CREATE INDEX appointments_to_attend ON appointments (attendee_id, starts_on, id) WHERE status = 'planned';
