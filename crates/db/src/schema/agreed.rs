//! What bodies have agreed on.

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    agreements (id) {
        id -> Uuid,
        organisation_id -> Uuid,
        title -> Text,
        agreement_type -> Text,
        reference -> Nullable<Text>,
        legal_basis -> Text,
        parties -> Document,
        service_ids -> Document,
        territory_ids -> Document,
        target_groups -> Document,
        data_categories -> Document,
        response_hours -> BigInt,
        completion_days -> Nullable<BigInt>,
        working_time -> Document,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        status -> Text,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::Bool;
    use crate::types::Uuid;

    agreement_parties (agreement_id, organisation_id) {
        agreement_id -> Uuid,
        organisation_id -> Uuid,
        may_send -> Bool,
        may_receive -> Bool,
    }
}
