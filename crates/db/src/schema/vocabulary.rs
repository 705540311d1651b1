//! Tables of migrations `create_code_lists` and `keep_code_list_versions`.

diesel::table! {
    use diesel::sql_types::{BigInt, Text};

    code_lists (name) {
        name -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    code_list_versions (id) {
        id -> Uuid,
        list_name -> Text,
        version -> BigInt,
        source -> Text,
        note -> Nullable<Text>,
        items -> Document,
        published_by -> Uuid,
        published_at -> Instant,
    }
}
