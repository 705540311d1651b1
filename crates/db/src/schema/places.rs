//! Tables of migrations `create_places`, `follow_territories`, `keep_territory_figures`.

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Nullable, Text};
    use crate::types::{Document, Instant, Uuid};

    organisations (id) {
        id -> Uuid,
        name -> Text,
        kind -> Text,
        parent_id -> Nullable<Uuid>,
        ipa_code -> Nullable<Text>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        plan_approval_required -> Bool,
        details -> Document,
    }
}

diesel::table! {
    use crate::types::Uuid;

    organisation_ancestors (organisation_id, ancestor_id) {
        organisation_id -> Uuid,
        ancestor_id -> Uuid,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Nullable, Text};
    use crate::types::{Instant, Uuid};

    territories (id) {
        id -> Uuid,
        kind -> Text,
        code_system -> Text,
        code -> Text,
        name -> Text,
        country_code -> Text,
        parent_id -> Nullable<Uuid>,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Date, Nullable};
    use crate::types::{Instant, Uuid};

    territory_memberships (id) {
        id -> Uuid,
        member_id -> Uuid,
        aggregate_id -> Uuid,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{Date, Nullable, Text};
    use crate::types::{Instant, Uuid};

    territory_codes (code_system, code, valid_from) {
        territory_id -> Uuid,
        code_system -> Text,
        code -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        source -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{Date, Nullable};
    use crate::types::Uuid;

    territory_parents (territory_id, valid_from) {
        territory_id -> Uuid,
        parent_id -> Uuid,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
    }
}

diesel::table! {
    use diesel::sql_types::{Date, Double, Nullable, Text};
    use crate::types::{Instant, Uuid};

    territory_events (id) {
        id -> Uuid,
        kind -> Text,
        effective_on -> Date,
        from_territory_id -> Uuid,
        to_territory_id -> Uuid,
        share -> Nullable<Double>,
        code_system -> Nullable<Text>,
        old_value -> Nullable<Text>,
        new_value -> Nullable<Text>,
        old_parent_id -> Nullable<Uuid>,
        new_parent_id -> Nullable<Uuid>,
        certainty -> Text,
        source -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{Date, Double, Nullable, Text};
    use crate::types::{Instant, Uuid};

    territory_figures (territory_id, measure, valid_on) {
        territory_id -> Uuid,
        measure -> Text,
        valid_on -> Date,
        value -> Nullable<Double>,
        latitude -> Nullable<Double>,
        longitude -> Nullable<Double>,
        source -> Text,
        created_at -> Instant,
    }
}
