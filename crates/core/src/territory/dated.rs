//! What a territory has from a day to before another: its codes, and its places in the tree. It ends with the territory.

/// Gives a table of what territories have what it takes for them to end: the table, and what the refusal says.
macro_rules! dated {
    ($table:ident, $late:literal) => {
        /// Refuses a day by which a territory has not come to what it has later.
        pub fn require_none_later(
            connection: &mut ::approdo_db::Connection,
            territory: $crate::access::TerritoryId,
            day: Option<::chrono::NaiveDate>,
        ) -> $crate::error::ApiResult<()> {
            use ::diesel::prelude::*;
            let of_it = $table::table.filter($table::territory_id.eq(territory));
            let last = day.unwrap_or_else($crate::territory::tree::never);
            let late: i64 = of_it.filter($table::valid_from.ge(last)).count().get_result(connection)?;
            if late > 0 { Err($crate::error::ApiError::conflict($late)) } else { Ok(()) }
        }

        /// Lets what ended with a territory, or never, end when it does now.
        pub fn end_with(
            connection: &mut ::approdo_db::Connection,
            territory: $crate::access::TerritoryId,
            before: Option<::chrono::NaiveDate>,
            after: Option<::chrono::NaiveDate>,
        ) -> ::diesel::QueryResult<usize> {
            use ::diesel::prelude::*;
            let of_it = $table::table.filter($table::territory_id.eq(territory));
            let set = $table::valid_to.eq(after);
            match before {
                None => ::diesel::update(of_it.filter($table::valid_to.is_null())).set(set).execute(connection),
                Some(day) => ::diesel::update(of_it.filter($table::valid_to.eq(day))).set(set).execute(connection),
            }
        }
    };
}
pub(super) use dated;
