//! The directory: services, where they are given, how much room they have.

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Date, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    services (id) {
        id -> Uuid,
        organisation_id -> Uuid,
        name -> Text,
        status -> Text,
        service_type -> Text,
        provider_kind -> Text,
        regular_structure -> Bool,
        minimum_age -> Nullable<BigInt>,
        maximum_age -> Nullable<BigInt>,
        eligibility -> Document,
        details -> Document,
        search_text -> Text,
        verified_on -> Nullable<Date>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        program_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::types::{Instant, Uuid};

    programs (id) {
        id -> Uuid,
        organisation_id -> Uuid,
        name -> Text,
        alternate_name -> Nullable<Text>,
        description -> Nullable<Text>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{Date, Nullable, Text};
    use crate::types::{Instant, Uuid};

    service_verifications (id) {
        id -> Uuid,
        service_id -> Uuid,
        verified_on -> Date,
        method -> Text,
        note -> Nullable<Text>,
        verified_by -> Uuid,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    use crate::types::{Instant, Uuid};

    service_capacities (service_id) {
        service_id -> Uuid,
        state -> Text,
        available -> Nullable<BigInt>,
        maximum -> Nullable<BigInt>,
        unit -> Nullable<Text>,
        next_available_on -> Nullable<Date>,
        version -> BigInt,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Double, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    locations (id) {
        id -> Uuid,
        organisation_id -> Uuid,
        territory_id -> Nullable<Uuid>,
        location_type -> Text,
        name -> Nullable<Text>,
        latitude -> Nullable<Double>,
        longitude -> Nullable<Double>,
        details -> Document,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::BigInt;
    use crate::types::{Document, Instant, Uuid};

    service_at_locations (id) {
        id -> Uuid,
        service_id -> Uuid,
        location_id -> Uuid,
        organisation_id -> Uuid,
        details -> Document,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::types::Uuid;

    directory_sources (organisation_id, kind, source_id) {
        organisation_id -> Uuid,
        kind -> Text,
        source_id -> Text,
        row_id -> Uuid,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Text};
    use crate::types::{Document, Instant, Uuid};

    translations (id) {
        id -> Uuid,
        entry_kind -> Text,
        entry_id -> Uuid,
        organisation_id -> Uuid,
        language -> Text,
        fields -> Document,
        source -> Document,
        state -> Text,
        source_version -> BigInt,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}
