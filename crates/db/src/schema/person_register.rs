//! Tables of migration `create_people`.

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Date, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    people (id) {
        id -> Uuid,
        owner_org_id -> Uuid,
        territory_id -> Uuid,
        target_group -> Nullable<Text>,
        given_name -> Text,
        family_name -> Text,
        date_of_birth -> Nullable<Date>,
        sex -> Nullable<Text>,
        tax_code -> Nullable<Text>,
        email -> Nullable<Text>,
        phone -> Nullable<Text>,
        citizenships -> Document,
        languages -> Document,
        health_needs -> Nullable<Text>,
        notes -> Nullable<Text>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        processing -> Text,
        age_band -> Nullable<Text>,
        given_name_latin -> Nullable<Text>,
        family_name_latin -> Nullable<Text>,
        interpreter_needed -> Bool,
        interpreter_language -> Nullable<Text>,
        external_ids -> Document,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::types::Uuid;

    person_name_words (word, person_id) {
        word -> Text,
        person_id -> Uuid,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    use crate::types::{Instant, Uuid};

    legal_statuses (id) {
        id -> Uuid,
        person_id -> Uuid,
        category -> Text,
        change_kind -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        status -> Text,
        note -> Nullable<Text>,
        author_id -> Uuid,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Text};
    use crate::types::Uuid;

    watches (id) {
        id -> Uuid,
        person_id -> Uuid,
        kind -> Text,
        subject_id -> Uuid,
        days_before -> BigInt,
        due_on -> Date,
        watch_on -> Date,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Text};
    use crate::types::{Instant, Uuid};

    reminders (id) {
        id -> Uuid,
        person_id -> Uuid,
        kind -> Text,
        subject_id -> Uuid,
        days_before -> BigInt,
        due_on -> Date,
        status -> Text,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};
    use crate::types::{Instant, Uuid};

    contacts (id) {
        id -> Uuid,
        person_id -> Uuid,
        kind -> Text,
        value -> Text,
        label -> Nullable<Text>,
        preferred -> Bool,
        safe_to_contact -> Bool,
        safety_note -> Nullable<Text>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::Text;
    use crate::types::Uuid;

    external_ids (resource, system, value) {
        resource -> Text,
        system -> Text,
        value -> Text,
        resource_id -> Uuid,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    use crate::types::{Instant, Uuid};

    relations (id) {
        id -> Uuid,
        kind -> Text,
        subject_id -> Nullable<Uuid>,
        object_id -> Uuid,
        guardian_name -> Nullable<Text>,
        guardian_organisation_id -> Nullable<Uuid>,
        decree_reference -> Nullable<Text>,
        decree_on -> Nullable<Date>,
        valid_from -> Nullable<Date>,
        valid_to -> Nullable<Date>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::Text;

    relation_locks (kind) {
        kind -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::types::{Instant, Uuid};

    households (id) {
        id -> Uuid,
        owner_org_id -> Uuid,
        territory_id -> Uuid,
        label -> Nullable<Text>,
        address -> Nullable<Text>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Nullable};
    use crate::types::{Instant, Uuid};

    household_members (id) {
        id -> Uuid,
        household_id -> Uuid,
        person_id -> Uuid,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}
