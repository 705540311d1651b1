//! Networks of bodies: members, meetings.

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    use crate::types::{Instant, Uuid};

    networks (id) {
        id -> Uuid,
        organisation_id -> Uuid,
        name -> Text,
        description -> Nullable<Text>,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        predecessor_id -> Nullable<Uuid>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    use crate::types::{Instant, Uuid};

    network_members (id) {
        id -> Uuid,
        network_id -> Uuid,
        keeper_id -> Uuid,
        organisation_id -> Uuid,
        role -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        predecessor_member_id -> Nullable<Uuid>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    network_meetings (id) {
        id -> Uuid,
        network_id -> Uuid,
        keeper_id -> Uuid,
        held_on -> Date,
        title -> Text,
        venue -> Nullable<Text>,
        attendee_organisation_ids -> Document,
        minutes -> Nullable<Text>,
        decisions -> Document,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}
