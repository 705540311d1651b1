//! Entries that have a code, once for each organisation: datasets and indicators.

/// Gives an entry the list by code and the look whether a code is taken: its row, its id, its table, and what a conflict says.
#[macro_export]
macro_rules! coded {
    ($row:ident, $id:ident, $table:ident, $taken:literal) => {
        impl $row {
            /// By code, those of an organisation and with a code where they are named.
            pub fn listed(
                connection: &mut approdo_db::Connection,
                (organisation, code): (Option<$crate::access::OrganisationId>, Option<&str>),
                after: Option<(String, $id)>,
                limit: i64,
            ) -> ::diesel::QueryResult<Vec<Self>> {
                use ::diesel::prelude::*;
                let mut list = $table::table.order(($table::code, $table::id)).limit(limit).into_boxed();
                if let Some((code, id)) = after {
                    let next = $table::code.eq(code.clone()).and($table::id.gt(id));
                    list = list.filter($table::code.gt(code).or(next));
                }
                if let Some(organisation) = organisation {
                    list = list.filter($table::organisation_id.eq(organisation));
                }
                if let Some(code) = code {
                    list = list.filter($table::code.eq(code));
                }
                list.load(connection)
            }

            /// 409 where its organisation has one with its code.
            pub fn require_new_code(&self, connection: &mut approdo_db::Connection) -> $crate::error::ApiResult<()> {
                let same = (Some(self.organisation_id), Some(self.code.as_str()));
                match Self::listed(connection, same, None, 1)?.is_empty() {
                    true => Ok(()),
                    false => Err($crate::error::ApiError::conflict($taken)),
                }
            }
        }
    };
}
