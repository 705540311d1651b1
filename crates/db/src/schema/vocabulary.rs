//! Tables of migration `create_code_lists`.

diesel::table! {
    use diesel::sql_types::{BigInt, Text};
    use crate::types::Instant;

    code_lists (name) {
        name -> Text,
        version -> BigInt,
        source -> Text,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Bool, Text};

    codes (list_name, code) {
        list_name -> Text,
        code -> Text,
        position -> BigInt,
        label_it -> Text,
        label_de -> Text,
        label_en -> Text,
        retired -> Bool,
    }
}
