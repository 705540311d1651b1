//! Reports of discrimination.

diesel::table! {
    use diesel::sql_types::{BigInt, Binary, Bool, Date, Nullable, Text};
    use crate::types::{Instant, Uuid};

    discrimination_reports (id) {
        id -> Uuid,
        organisation_id -> Uuid,
        channel -> Text,
        description -> Nullable<Text>,
        occurred_on -> Nullable<Text>,
        territory_id -> Nullable<Uuid>,
        area_of_life -> Text,
        respondent_kind -> Text,
        reporter_role -> Text,
        language -> Text,
        received_on -> Date,
        status -> Text,
        within_competence -> Nullable<Bool>,
        urgency -> Nullable<Text>,
        competent_org_id -> Nullable<Uuid>,
        identity_shared -> Bool,
        outcome -> Nullable<Text>,
        outcome_told -> Bool,
        duplicate_of_id -> Nullable<Uuid>,
        ended_on -> Nullable<Date>,
        anonymised_at -> Nullable<Instant>,
        follow_up_hash -> Nullable<Binary>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Text};
    use crate::types::Uuid;

    discrimination_report_grounds (discrimination_report_id, ground) {
        discrimination_report_id -> Uuid,
        ground -> Text,
        reported -> Bool,
        confirmed -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Nullable, Text};
    use crate::types::Uuid;

    discrimination_reporters (discrimination_report_id) {
        discrimination_report_id -> Uuid,
        name -> Text,
        contact -> Nullable<Text>,
        preferred_language -> Nullable<Text>,
        may_be_contacted -> Bool,
        identity_may_be_shared -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Text};
    use crate::types::{Instant, Uuid};

    discrimination_report_messages (id) {
        id -> Uuid,
        discrimination_report_id -> Uuid,
        organisation_id -> Uuid,
        author_id -> Uuid,
        text -> Text,
        sent_at -> Instant,
        report_version -> BigInt,
    }
}
