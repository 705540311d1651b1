//! Policy documents and their measures.

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    use crate::types::{Instant, Uuid};

    policy_documents (id) {
        id -> Uuid,
        organisation_id -> Uuid,
        issuing_organisation_id -> Nullable<Uuid>,
        issuing_body -> Nullable<Text>,
        territory_id -> Uuid,
        kind -> Text,
        policy_area -> Text,
        title -> Text,
        number -> Nullable<Text>,
        description -> Nullable<Text>,
        adopted_on -> Date,
        valid_from -> Nullable<Date>,
        valid_to -> Nullable<Date>,
        url -> Nullable<Text>,
        mainstreaming -> Nullable<Text>,
        mainstreaming_as_of -> Nullable<Date>,
        mainstreaming_reason -> Nullable<Text>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    policy_measures (id) {
        id -> Uuid,
        policy_document_id -> Uuid,
        keeper_id -> Uuid,
        title -> Text,
        description -> Nullable<Text>,
        target_groups -> Document,
        responsible_organisation_id -> Uuid,
        budget -> Nullable<Document>,
        indicator_ids -> Document,
        starts_on -> Nullable<Date>,
        ends_on -> Nullable<Date>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::types::Uuid;

    policy_measure_indicators (policy_measure_id, indicator_id) {
        policy_measure_id -> Uuid,
        indicator_id -> Uuid,
    }
}
