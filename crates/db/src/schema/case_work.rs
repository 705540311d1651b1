//! Tables of migration `create_cases`.

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    cases (id) {
        id -> Uuid,
        public_ref -> Text,
        person_id -> Uuid,
        owner_org_id -> Uuid,
        territory_id -> Uuid,
        target_group -> Text,
        status -> Text,
        held_status -> Nullable<Text>,
        review_at -> Nullable<Date>,
        priority -> Text,
        access_level -> Text,
        case_manager_id -> Nullable<Uuid>,
        legal_basis -> Nullable<Text>,
        summary -> Nullable<Text>,
        episode_no -> BigInt,
        opened_on -> Date,
        closed_on -> Nullable<Date>,
        closing_reason -> Nullable<Text>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        processing -> Text,
        external_ids -> Document,
        household_id -> Nullable<Uuid>,
        arrived_on -> Nullable<Date>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    use crate::types::{Instant, Uuid};

    case_transitions (id) {
        id -> Uuid,
        case_id -> Uuid,
        case_version -> BigInt,
        from_status -> Text,
        to_status -> Text,
        reason_code -> Nullable<Text>,
        note -> Nullable<Text>,
        review_at -> Nullable<Date>,
        actor_id -> Uuid,
        at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    use crate::types::{Instant, Uuid};

    tasks (id) {
        id -> Uuid,
        case_id -> Uuid,
        title -> Text,
        description -> Nullable<Text>,
        due_on -> Nullable<Date>,
        assignee_id -> Nullable<Uuid>,
        status -> Text,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        goal_id -> Nullable<Uuid>,
        territory_id -> Uuid,
        pathway_id -> Nullable<Uuid>,
        step_no -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::types::{Instant, Uuid};

    task_transitions (id) {
        id -> Uuid,
        task_id -> Uuid,
        task_version -> BigInt,
        from_status -> Text,
        to_status -> Text,
        reason -> Nullable<Text>,
        actor_id -> Uuid,
        at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Text};
    use crate::types::{Instant, Uuid};

    notes (id) {
        id -> Uuid,
        case_id -> Uuid,
        confidentiality -> Text,
        body -> Text,
        written_on -> Date,
        author_id -> Uuid,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::BigInt;
    use crate::types::{Instant, Uuid};

    case_news (case_id) {
        case_id -> Uuid,
        changes -> BigInt,
        seen -> BigInt,
        changed_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::BigInt;
    use crate::types::{Instant, Uuid};

    case_household_members (id) {
        id -> Uuid,
        case_id -> Uuid,
        household_member_id -> Uuid,
        person_id -> Uuid,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    use crate::types::{Instant, Uuid};

    appointments (id) {
        id -> Uuid,
        case_id -> Uuid,
        kind -> Text,
        subject -> Text,
        place -> Nullable<Text>,
        starts_at -> Instant,
        ends_at -> Instant,
        starts_on -> Date,
        attendee_id -> Nullable<Uuid>,
        interpreter_language -> Nullable<Text>,
        status -> Text,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}
