//! Assessments, goals, plans and pathways.

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    assessments (id) {
        id -> Uuid,
        case_id -> Uuid,
        episode_no -> BigInt,
        status -> Text,
        assessed_on -> Date,
        ratings -> Document,
        note -> Nullable<Text>,
        author_id -> Uuid,
        completed_at -> Nullable<Instant>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    use crate::types::{Instant, Uuid};

    goals (id) {
        id -> Uuid,
        case_id -> Uuid,
        episode_no -> BigInt,
        life_domain -> Text,
        title -> Text,
        indicator -> Nullable<Text>,
        target_on -> Nullable<Date>,
        status -> Text,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Date, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    plans (id) {
        id -> Uuid,
        case_id -> Uuid,
        episode_no -> BigInt,
        plan_no -> BigInt,
        status -> Text,
        summary -> Nullable<Text>,
        author_id -> Uuid,
        approval_required -> Bool,
        agreed_on -> Nullable<Date>,
        agreed_by -> Nullable<Text>,
        interpreter_language -> Nullable<Text>,
        agreed_goals -> Document,
        approved_by -> Nullable<Uuid>,
        approved_at -> Nullable<Instant>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        coming_of_age_arrangements -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::types::{Instant, Uuid};

    child_transitions (id) {
        id -> Uuid,
        resource -> Text,
        resource_id -> Uuid,
        resource_version -> BigInt,
        from_status -> Text,
        to_status -> Text,
        note -> Nullable<Text>,
        actor_id -> Uuid,
        at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    pathway_templates (id) {
        id -> Uuid,
        owner_org_id -> Uuid,
        name -> Text,
        description -> Nullable<Text>,
        target_groups -> Document,
        steps -> Document,
        status -> Text,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Text};
    use crate::types::{Instant, Uuid};

    pathways (id) {
        id -> Uuid,
        case_id -> Uuid,
        template_id -> Uuid,
        name -> Text,
        arrived_on -> Date,
        status -> Text,
        steps -> BigInt,
        done -> BigInt,
        cancelled -> BigInt,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}
