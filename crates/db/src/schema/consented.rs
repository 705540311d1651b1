//! What people have consented to.

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Date, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    consents (id) {
        id -> Uuid,
        person_id -> Uuid,
        status -> Text,
        purposes -> Document,
        data_categories -> Document,
        recipient_ids -> Document,
        recipient_kinds -> Document,
        onward_sharing -> Bool,
        notice_version -> Text,
        notice_language -> Text,
        interpreter_needed -> Bool,
        interpreter_name -> Nullable<Text>,
        interpreter_language -> Nullable<Text>,
        method -> Text,
        evidence -> Nullable<Text>,
        evidence_attachment_id -> Nullable<Uuid>,
        given_on -> Date,
        valid_from -> Date,
        expires_on -> Nullable<Date>,
        guardian_relation_id -> Nullable<Uuid>,
        supersedes_id -> Nullable<Uuid>,
        ended_on -> Nullable<Date>,
        withdrawn_by -> Nullable<Text>,
        withdrawal_method -> Nullable<Text>,
        author_id -> Uuid,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        notice_published_on -> Nullable<Date>,
    }
}
