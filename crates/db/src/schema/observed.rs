//! Datasets, what is imported into them, and the observations.

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    datasets (id) {
        id -> Uuid,
        organisation_id -> Uuid,
        code -> Text,
        name -> Text,
        description -> Nullable<Text>,
        unit -> Text,
        measure_kind -> Text,
        source -> Text,
        source_url -> Nullable<Text>,
        licence -> Nullable<Text>,
        dimensions -> Document,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        suppress_below -> BigInt,
        computed_from -> Nullable<Document>,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Integer, Nullable, Text};
    use crate::types::Uuid;

    dataset_codes (dataset_id, dimension, number) {
        dataset_id -> Uuid,
        dimension -> Text,
        number -> Integer,
        code -> Text,
        name -> Nullable<Text>,
        parent_code -> Nullable<Text>,
        published -> Bool,
        territory_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Text};
    use crate::types::Uuid;

    dataset_slices (dataset_id, number) {
        dataset_id -> Uuid,
        number -> Integer,
        codes -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::types::{Instant, Uuid};

    dataset_releases (id) {
        id -> Uuid,
        dataset_id -> Uuid,
        organisation_id -> Uuid,
        number -> BigInt,
        status -> Text,
        observations -> BigInt,
        rejected -> BigInt,
        published_at -> Nullable<Instant>,
        superseded_at -> Nullable<Instant>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        suppressed -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Integer};
    use crate::types::Uuid;

    observation_sets (number) {
        number -> Integer,
        release_id -> Uuid,
        given_up -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::Integer;

    observation_set_periods (set_number, period) {
        set_number -> Integer,
        period -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::{Double, Integer, Nullable, Text};

    observations (set_number, area, slice, period) {
        set_number -> Integer,
        area -> Integer,
        slice -> Integer,
        period -> Integer,
        value -> Nullable<Double>,
        obs_status -> Nullable<Text>,
        conf_status -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    data_imports (id) {
        id -> Uuid,
        dataset_id -> Uuid,
        organisation_id -> Uuid,
        status -> Text,
        mapping -> Document,
        release_id -> Nullable<Uuid>,
        size -> Nullable<BigInt>,
        sha256 -> Nullable<Text>,
        rows -> BigInt,
        observations -> BigInt,
        rejected -> BigInt,
        failure -> Nullable<Text>,
        alive_at -> Nullable<Instant>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::types::Uuid;

    data_import_rejections (data_import_id, number) {
        data_import_id -> Uuid,
        number -> BigInt,
        line -> BigInt,
        column_name -> Nullable<Text>,
        value -> Nullable<Text>,
        reason -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Double, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    indicators (id) {
        id -> Uuid,
        organisation_id -> Uuid,
        code -> Text,
        name -> Text,
        description -> Nullable<Text>,
        unit -> Text,
        kind -> Text,
        numerator -> Document,
        denominator -> Nullable<Document>,
        factor -> Double,
        minimum_completeness -> Double,
        method -> Text,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}
