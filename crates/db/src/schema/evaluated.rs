//! What observatories watch and ask, and what organisations aim at.

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    observatories (id) {
        id -> Uuid,
        organisation_id -> Uuid,
        name -> Text,
        description -> Nullable<Text>,
        territory_id -> Uuid,
        languages -> Document,
        website -> Nullable<Text>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::types::{Instant, Uuid};

    observatory_entries (id) {
        id -> Uuid,
        observatory_id -> Uuid,
        keeper_id -> Uuid,
        kind -> Text,
        indicator_id -> Nullable<Uuid>,
        dataset_id -> Nullable<Uuid>,
        service_id -> Nullable<Uuid>,
        program_id -> Nullable<Uuid>,
        network_id -> Nullable<Uuid>,
        note -> Nullable<Text>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        policy_document_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    evaluation_rounds (id) {
        id -> Uuid,
        observatory_id -> Uuid,
        organisation_id -> Uuid,
        title -> Text,
        call_text -> Nullable<Text>,
        collects_from -> Nullable<Date>,
        collects_until -> Nullable<Date>,
        categories -> Document,
        indicator_ids -> Document,
        service_ids -> Document,
        status -> Text,
        no_contributions_reason -> Nullable<Text>,
        closed_at -> Nullable<Instant>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::types::{Instant, Uuid};

    evaluation_contributions (id) {
        id -> Uuid,
        evaluation_round_id -> Uuid,
        keeper_id -> Uuid,
        recorded_by_org_id -> Uuid,
        category -> Text,
        organisation_id -> Nullable<Uuid>,
        text -> Nullable<Text>,
        language -> Text,
        status -> Text,
        set_aside_reason -> Nullable<Text>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    evaluation_themes (id) {
        id -> Uuid,
        evaluation_round_id -> Uuid,
        keeper_id -> Uuid,
        title -> Text,
        summary -> Text,
        contribution_ids -> Document,
        response -> Nullable<Document>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::types::Uuid;

    evaluation_placements (evaluation_contribution_id, evaluation_theme_id) {
        evaluation_contribution_id -> Uuid,
        evaluation_theme_id -> Uuid,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Double, Nullable, Text};
    use crate::types::{Instant, Uuid};

    objectives (id) {
        id -> Uuid,
        organisation_id -> Uuid,
        title -> Text,
        description -> Nullable<Text>,
        territory_id -> Uuid,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        observatory_id -> Nullable<Uuid>,
        indicator_id -> Nullable<Uuid>,
        baseline -> Nullable<Double>,
        target -> Nullable<Double>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    use crate::types::{Instant, Uuid};

    activities (id) {
        id -> Uuid,
        objective_id -> Uuid,
        keeper_id -> Uuid,
        title -> Text,
        description -> Nullable<Text>,
        responsible_organisation_id -> Uuid,
        starts_on -> Nullable<Date>,
        ends_on -> Nullable<Date>,
        status -> Text,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Double, Nullable, Text};
    use crate::types::{Instant, Uuid};

    activity_results (id) {
        id -> Uuid,
        activity_id -> Uuid,
        keeper_id -> Uuid,
        reached_on -> Date,
        description -> Text,
        value -> Nullable<Double>,
        unit -> Nullable<Text>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}
