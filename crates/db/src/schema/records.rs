//! Tables of migration `create_records`.

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    outbox (seq) {
        seq -> BigInt,
        id -> Uuid,
        resource -> Text,
        resource_id -> Uuid,
        version -> BigInt,
        operation -> Text,
        changed_fields -> Document,
        owner_org_id -> Nullable<Uuid>,
        territory_id -> Nullable<Uuid>,
        target_group -> Nullable<Text>,
        access_level -> Nullable<Text>,
        manager_id -> Nullable<Uuid>,
        before_owner_org_id -> Nullable<Uuid>,
        before_territory_id -> Nullable<Uuid>,
        before_target_group -> Nullable<Text>,
        before_access_level -> Nullable<Text>,
        before_manager_id -> Nullable<Uuid>,
        audience_id -> Nullable<Uuid>,
        actor_id -> Uuid,
        actor_kind -> Text,
        purpose -> Text,
        request_id -> Text,
        at -> Instant,
        salt -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    changes (position) {
        position -> BigInt,
        id -> Uuid,
        resource -> Text,
        resource_id -> Uuid,
        version -> BigInt,
        operation -> Text,
        changed_fields -> Document,
        owner_org_id -> Nullable<Uuid>,
        territory_id -> Nullable<Uuid>,
        target_group -> Nullable<Text>,
        access_level -> Nullable<Text>,
        manager_id -> Nullable<Uuid>,
        before_owner_org_id -> Nullable<Uuid>,
        before_territory_id -> Nullable<Uuid>,
        before_target_group -> Nullable<Text>,
        before_access_level -> Nullable<Text>,
        before_manager_id -> Nullable<Uuid>,
        audience_id -> Nullable<Uuid>,
        actor_id -> Uuid,
        actor_kind -> Text,
        purpose -> Text,
        request_id -> Text,
        at -> Instant,
        salt -> Binary,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    history (id) {
        id -> Uuid,
        resource -> Text,
        resource_id -> Uuid,
        version -> BigInt,
        operation -> Text,
        field_values -> Document,
        actor_id -> Uuid,
        at -> Instant,
        person_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use crate::types::{Instant, Uuid};

    access_records (id) {
        id -> Uuid,
        batch_id -> Uuid,
        at -> Instant,
        event -> Text,
        operation -> Text,
        purpose -> Text,
        resource -> Nullable<Text>,
        resource_id -> Nullable<Uuid>,
        packed_ids -> Nullable<Binary>,
        actor_id -> Nullable<Uuid>,
        actor_kind -> Text,
        request_id -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Nullable};
    use crate::types::Uuid;

    access_batches (id) {
        id -> Uuid,
        salt -> Binary,
        digest -> Binary,
        records -> BigInt,
        seal_no -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Binary};
    use crate::types::Instant;

    audit_seals (seal_no) {
        seal_no -> BigInt,
        first_position -> BigInt,
        last_position -> BigInt,
        batches -> BigInt,
        previous -> Binary,
        digest -> Binary,
        sealed_at -> Instant,
    }
}
