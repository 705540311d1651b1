//! Attachments and where their contents are.

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::types::{Instant, Uuid};

    attachments (id) {
        id -> Uuid,
        case_id -> Uuid,
        file_name -> Text,
        media_type -> Text,
        size -> BigInt,
        sha256 -> Text,
        title -> Nullable<Text>,
        confidentiality -> Text,
        author_id -> Uuid,
        status -> Text,
        stored_at -> Nullable<Instant>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        object_key -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary};
    use crate::types::Uuid;

    attachment_chunks (attachment_id, position) {
        attachment_id -> Uuid,
        position -> BigInt,
        bytes -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::types::Instant;

    stray_objects (object_key) {
        object_key -> Text,
        remove_after -> Instant,
    }
}
