//! Tables of migration `create_deployment`.

diesel::table! {
    use diesel::sql_types::Text;

    settings (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use crate::types::{Instant, Uuid};

    deployment_keys (id) {
        id -> Uuid,
        purpose -> Text,
        wrapped -> Binary,
        created_at -> Instant,
        retired_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::types::{Instant, Uuid};

    leases (name) {
        name -> Text,
        holder -> Uuid,
        expires_at -> Instant,
    }
}
