//! Tables of migration `create_places`.

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
