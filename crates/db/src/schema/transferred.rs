//! Cases that go from one body to another, or are looked into by another.

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Date, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    transfers (id) {
        id -> Uuid,
        case_id -> Uuid,
        person_id -> Uuid,
        owner_org_id -> Uuid,
        territory_id -> Uuid,
        target_group -> Text,
        access_level -> Text,
        case_manager_id -> Nullable<Uuid>,
        to_org_id -> Uuid,
        to_territory_id -> Uuid,
        reason -> Text,
        package_fields -> Document,
        legal_basis -> Nullable<Text>,
        consent_id -> Nullable<Uuid>,
        with_household -> Bool,
        status -> Text,
        expires_on -> Date,
        author_id -> Uuid,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::types::{Document, Instant, Uuid};

    transfer_records (transfer_id) {
        transfer_id -> Uuid,
        content -> Document,
        frozen_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    shared_accesses (id) {
        id -> Uuid,
        case_id -> Uuid,
        person_id -> Uuid,
        owner_org_id -> Uuid,
        territory_id -> Uuid,
        target_group -> Text,
        access_level -> Text,
        case_manager_id -> Nullable<Uuid>,
        to_org_id -> Uuid,
        reason -> Text,
        package_fields -> Document,
        legal_basis -> Nullable<Text>,
        consent_id -> Nullable<Uuid>,
        status -> Text,
        expires_on -> Date,
        author_id -> Uuid,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    use crate::types::{Instant, Uuid};

    transfer_requests (id) {
        id -> Uuid,
        owner_org_id -> Uuid,
        territory_id -> Uuid,
        target_group -> Text,
        to_org_id -> Uuid,
        public_ref -> Text,
        case_id -> Nullable<Uuid>,
        person_id -> Nullable<Uuid>,
        reason -> Text,
        status -> Text,
        transfer_id -> Nullable<Uuid>,
        expires_on -> Date,
        author_id -> Uuid,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}
