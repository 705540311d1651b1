//! Tables of migration `create_access`.

diesel::table! {
    use diesel::sql_types::{BigInt, Text};
    use crate::types::{Instant, Uuid};

    principals (id) {
        id -> Uuid,
        kind -> Text,
        status -> Text,
        auth_epoch -> BigInt,
        organisation_id -> Uuid,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::types::Uuid;

    users (id) {
        id -> Uuid,
        username -> Text,
        display_name -> Text,
        email -> Nullable<Text>,
        password_hash -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Text};
    use crate::types::Uuid;

    api_clients (id) {
        id -> Uuid,
        name -> Text,
        secret_hash -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::Nullable;
    use crate::types::{Instant, Uuid};

    sessions (id) {
        id -> Uuid,
        principal_id -> Uuid,
        created_at -> Instant,
        expires_at -> Instant,
        revoked_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable};
    use crate::types::{Instant, Uuid};

    refresh_tokens (token_hash) {
        token_hash -> Binary,
        session_id -> Uuid,
        issued_at -> Instant,
        used_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use crate::types::{Instant, Uuid};

    one_time_tokens (token_hash) {
        token_hash -> Binary,
        principal_id -> Uuid,
        purpose -> Text,
        expires_at -> Instant,
        used_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable};
    use crate::types::Instant;

    login_throttles (subject) {
        subject -> Binary,
        failures -> BigInt,
        last_failure_at -> Instant,
        locked_until -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    grants (id) {
        id -> Uuid,
        principal_id -> Uuid,
        role -> Text,
        organisation_id -> Uuid,
        territory_ids -> Document,
        target_groups -> Document,
        granted_by -> Nullable<Uuid>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::types::Uuid;

    grant_scopes (grant_id, territory_id) {
        grant_id -> Uuid,
        territory_id -> Uuid,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Text};
    use crate::types::{Instant, Uuid};

    idempotency_keys (principal_id, operation, key) {
        principal_id -> Uuid,
        operation -> Text,
        key -> Text,
        fingerprint -> Binary,
        resource_id -> Uuid,
        created_at -> Instant,
    }
}
