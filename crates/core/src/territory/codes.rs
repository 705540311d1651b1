//! Every code a territory has or had, each with the days on which it holds. Statistics and files name territories by them.

use std::collections::HashMap;

use actix_web::{get, post};
use approdo_db::schema::territory_codes;
use approdo_db::{Connection, Timestamp, on_backend, text_enum};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::TerritoryId;
use crate::access::caller::{Caller, actions, resources};
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Body, Checked, Door, Id, Parameters, reading};
use crate::page_of;
use crate::paged_query;
use crate::territory::dated::dated;
use crate::territory::territories::{Territory, find, lock, plain_code, save};
use crate::territory::tree;
use crate::work::Unit;

/// Rows of one INSERT: PostgreSQL binds 65,535 values at most.
pub const ROWS_AT_ONCE: usize = 1_000;

text_enum! {
    /// Whose codes.
    #[derive(ToSchema)]
    CodeSystem {
        /// ISTAT: region 2 digits, province 3, municipality 6.
        Istat = "istat",
        /// ISTAT, of provinces: 2xx and 3xx are metropolitan cities.
        IstatUts = "istat_uts",
        /// The land register's, which a municipality keeps whatever province it goes to.
        Belfiore = "belfiore",
        /// Two letters, as on number plates, of provinces.
        Sigla = "sigla",
        /// NUTS 2024, third level.
        Nuts3 = "nuts3",
        /// What ISTAT's data flows call Italy, regions and provinces.
        Itter107 = "itter107",
        /// Amtlicher Gemeindeschlüssel, 2 to 8 digits.
        Ags = "ags",
        /// ISO 3166-1 alpha-2.
        Iso3166 = "iso3166",
        /// Index of Public Administrations.
        Ipa = "ipa",
        /// This deployment's own.
        Own = "own",
    }
}

/// A code of a territory.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, Serialize, ToSchema)]
#[diesel(table_name = territory_codes, treat_none_as_default_value = false)]
pub struct TerritoryCode {
    pub territory_id: TerritoryId,
    pub code_system: CodeSystem,
    /// Always text: leading zeros count.
    #[schema(min_length = 1, max_length = 20, example = "030129")]
    pub code: String,
    /// First day on which it holds.
    pub valid_from: NaiveDate,
    /// First day on which it no longer holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub valid_to: Option<NaiveDate>,
    /// Where that is known from.
    #[schema(min_length = 1, max_length = 200)]
    pub source: String,
    pub created_at: Timestamp,
}

page_of! {
    /// A page of codes.
    TerritoryCodePage of TerritoryCode
}

/// A code to add.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code_system": "belfiore", "code": "C758", "valid_from": "1970-01-01", "source": "ISTAT, list of municipalities in force 2026-08-14"}))]
pub struct NewTerritoryCode {
    pub code_system: CodeSystem,
    #[validate(length(min = 1, max = 20), custom(function = "plain_code"))]
    #[schema(min_length = 1, max_length = 20, pattern = "^[0-9A-Za-z._-]+$")]
    pub code: String,
    #[serde(deserialize_with = "reading::day")]
    pub valid_from: NaiveDate,
    /// First day on which it no longer holds.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub valid_to: Option<NaiveDate>,
    /// Where that is known from.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub source: String,
}

impl Checked for NewTerritoryCode {}

paged_query! {
    /// How to list codes.
    TerritoryCodeQuery {
        /// Those that hold on this day.
        #[serde(default, deserialize_with = "reading::optional_day")]
        on: Option<NaiveDate>,
    }
}

/// The days on which a code is one territory's.
type Period = (NaiveDate, Option<NaiveDate>, TerritoryId);

/// Who has a code on a day. Statistics are often told in the codes of another year than they are about: a code that has only ever
/// been one territory's means it on every day.
fn holder(periods: &[Period], day: NaiveDate) -> Option<TerritoryId> {
    let on_the_day = periods.iter().find(|(from, to, _)| *from <= day && to.is_none_or(|end| end > day));
    if let Some((_, _, holder)) = on_the_day {
        return Some(*holder);
    }
    let (_, _, first) = periods.first()?;
    periods.iter().all(|(_, _, other)| other == first).then_some(*first)
}

/// The territory that a code means on a day: whoever has it then, or else the only one that ever had it. None where nobody had it, or
/// several did and none of them on that day.
pub fn resolve(
    connection: &mut Connection,
    system: CodeSystem,
    code: &str,
    day: NaiveDate,
) -> QueryResult<Option<TerritoryId>> {
    use territory_codes as t;
    let periods: Vec<Period> = t::table
        .filter(t::code_system.eq(system))
        .filter(t::code.eq(code))
        .select((t::valid_from, t::valid_to, t::territory_id))
        .order(t::valid_from)
        .load(connection)?;
    Ok(holder(&periods, day))
}

/// Every code there is, read in one statement: for imports that ask for millions.
#[derive(Debug, Default)]
pub struct CodeBook {
    periods: HashMap<CodeSystem, HashMap<String, Vec<Period>>>,
}

impl CodeBook {
    pub fn read(connection: &mut Connection) -> QueryResult<Self> {
        use territory_codes as t;
        let rows: Vec<TerritoryCode> = t::table.order((t::code_system, t::code, t::valid_from)).load(connection)?;
        let mut book = Self::default();
        for row in rows {
            book.note(row.code_system, row.code, (row.valid_from, row.valid_to, row.territory_id));
        }
        Ok(book)
    }

    /// The territory that had a code last, whether or not it has it still.
    pub fn last_holder(&self, system: CodeSystem, code: &str) -> Option<TerritoryId> {
        let periods = self.periods.get(&system).and_then(|codes| codes.get(code))?;
        periods.iter().max_by_key(|(from, ..)| *from).map(|(.., holder)| *holder)
    }

    /// Notes one more.
    pub fn note(&mut self, system: CodeSystem, code: String, period: (NaiveDate, Option<NaiveDate>, TerritoryId)) {
        self.periods.entry(system).or_default().entry(code).or_default().push(period);
    }

    /// Whether nobody has a code in a period.
    pub fn is_free(&self, system: CodeSystem, code: &str, from: NaiveDate, to: Option<NaiveDate>) -> bool {
        let periods = self.periods.get(&system).and_then(|codes| codes.get(code));
        let overlaps =
            |(begins, ends, _): &Period| ends.is_none_or(|ends| ends > from) && to.is_none_or(|to| *begins < to);
        !periods.is_some_and(|periods| periods.iter().any(overlaps))
    }

    /// Whether somebody has a code from this very day on.
    pub fn begins(&self, system: CodeSystem, code: &str, on: NaiveDate) -> bool {
        let periods = self.periods.get(&system).and_then(|codes| codes.get(code));
        periods.is_some_and(|periods| periods.iter().any(|(begins, ..)| *begins == on))
    }

    /// Lets a code that a territory has end on a day.
    pub fn end(&mut self, system: CodeSystem, code: &str, holder: TerritoryId, on: NaiveDate) {
        let periods = self.periods.get_mut(&system).and_then(|codes| codes.get_mut(code));
        for (from, to, _) in periods.into_iter().flatten().filter(|(.., of)| *of == holder) {
            if *from < on && to.is_none_or(|end| end > on) {
                *to = Some(on);
            }
        }
    }

    /// As `resolve`.
    pub fn resolve(&self, system: CodeSystem, code: &str, day: NaiveDate) -> Option<TerritoryId> {
        holder(self.periods.get(&system)?.get(code)?, day)
    }
}

/// Refuses a code that a territory has in that period already, this one or another.
pub fn require_free(
    connection: &mut Connection,
    system: &str,
    code: &str,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
) -> ApiResult<()> {
    use territory_codes as t;
    let overlapping: i64 = t::table
        .filter(t::code_system.eq(system))
        .filter(t::code.eq(code))
        .filter(t::valid_to.is_null().or(t::valid_to.gt(valid_from)))
        .filter(t::valid_from.lt(valid_to.unwrap_or_else(tree::never)))
        .count()
        .get_result(connection)?;
    if overlapping > 0 {
        return Err(ApiError::conflict("a territory has this code in that period"));
    }
    Ok(())
}

/// Writes codes that nobody else has.
pub fn insert(connection: &mut Connection, rows: &[TerritoryCode]) -> QueryResult<()> {
    for some in rows.chunks(ROWS_AT_ONCE) {
        on_backend!(&mut *connection, c => diesel::insert_into(territory_codes::table).values(some).execute(c))?;
    }
    Ok(())
}

/// Gives a territory another code in a system from a day on: those it has there end. The code it had is told.
pub fn change(
    unit: &mut Unit<'_>,
    territory: &Territory,
    (system, code): (CodeSystem, &str),
    on: NaiveDate,
    source: &str,
) -> ApiResult<Option<String>> {
    use territory_codes as t;
    require_free(unit.connection, system.as_str(), code, on, territory.valid_to)?;
    let held: Vec<(String, NaiveDate)> = t::table
        .filter(t::territory_id.eq(territory.id))
        .filter(t::code_system.eq(system))
        .filter(t::valid_to.is_null().or(t::valid_to.gt(on)))
        .order(t::valid_from)
        .select((t::code, t::valid_from))
        .load(unit.connection)?;
    if held.iter().any(|(_, from)| *from >= on) {
        return Err(ApiError::conflict("it has a code of this system that begins later"));
    }
    diesel::update(
        t::table
            .filter(t::territory_id.eq(territory.id))
            .filter(t::code_system.eq(system))
            .filter(t::valid_to.is_null().or(t::valid_to.gt(on))),
    )
    .set(t::valid_to.eq(Some(on)))
    .execute(unit.connection)?;
    let row = TerritoryCode {
        territory_id: territory.id,
        code_system: system,
        code: code.to_owned(),
        valid_from: on,
        valid_to: territory.valid_to,
        source: source.to_owned(),
        created_at: unit.now,
    };
    insert(unit.connection, &[row])?;
    Ok(held.into_iter().next().map(|(code, _)| code))
}

dated!(territory_codes, "it has a code that begins later");

/// Lets the codes that ended with a territory, or never, end when it does now.
///
/// # Errors
/// 409 where a code would be its own again that another territory has by now.
pub fn follow_end(
    connection: &mut Connection,
    territory: TerritoryId,
    before: Option<NaiveDate>,
    after: Option<NaiveDate>,
) -> ApiResult<usize> {
    use territory_codes as t;
    if let Some(day) = before.filter(|day| after.is_none_or(|after| after > *day)) {
        let of_it = t::table.filter(t::territory_id.eq(territory)).filter(t::valid_to.eq(day));
        let ended: Vec<(CodeSystem, String)> = of_it.select((t::code_system, t::code)).load(connection)?;
        for (system, code) in ended {
            require_free(connection, system.as_str(), &code, day, after)?;
        }
    }
    Ok(end_with(connection, territory, before, after)?)
}

/// List a territory's codes.
///
/// By system, then by their first day. Of Italian municipalities the older ISTAT codes are among them.
#[utoipa::path(
    tag = "Territory",
    params(("territory_id" = TerritoryId, Path, description = "The territory."), TerritoryCodeQuery),
    responses((status = 200, description = "A page.", body = TerritoryCodePage))
)]
#[get("/territories/{territory_id}/codes")]
pub async fn list_territory_codes(
    door: Door,
    caller: Caller<actions::Read, resources::Territories>,
    id: Id<TerritoryId>,
    query: Parameters<TerritoryCodeQuery>,
) -> ApiResult<Answer> {
    use territory_codes as t;
    door.read("list_territory_codes", caller, move |reader| {
        find(reader.connection, id.0)?.ok_or_else(ApiError::not_found)?;
        let parameters = query.read()?;
        let request = reader.page(&query, parameters.limit, parameters.cursor.as_deref());
        let mut list = t::table
            .filter(t::territory_id.eq(id.0))
            .order((t::code_system, t::valid_from, t::code))
            .limit(request.limit() + 1)
            .into_boxed();
        if let Some((system, from, code)) = request.after::<(CodeSystem, NaiveDate, String)>()? {
            let later = t::valid_from.gt(from).or(t::valid_from.eq(from).and(t::code.gt(code)));
            list = list.filter(t::code_system.gt(system).or(t::code_system.eq(system).and(later)));
        }
        if let Some(on) = parameters.on {
            list = list.filter(t::valid_from.le(on)).filter(t::valid_to.is_null().or(t::valid_to.gt(on)));
        }
        let rows: Vec<TerritoryCode> = list.load(reader.connection)?;
        let page = request.page(rows, |row: &TerritoryCode| (row.code_system, row.valid_from, row.code.clone()))?;
        Answer::ok(&TerritoryCodePage::from(page))
    })
    .await
}

/// Add a code.
///
/// One it has besides its others, or had. A code that takes the place of another is an event, which ends that one.
#[utoipa::path(
    tag = "Territory",
    params(("territory_id" = TerritoryId, Path, description = "The territory.")),
    request_body = NewTerritoryCode,
    responses((status = 201, description = "The code; found again in the list of codes.", body = TerritoryCode))
)]
#[post("/territories/{territory_id}/codes")]
pub async fn create_territory_code(
    door: Door,
    caller: Caller<actions::Edit, resources::Territories>,
    id: Id<TerritoryId>,
    body: Body<NewTerritoryCode>,
) -> ApiResult<Answer> {
    use territory_codes as t;
    door.write("create_territory_code", caller, Some(body.fingerprint()), move |unit| {
        let mut territory = lock(unit.connection, id.0)?;
        let new = body.read()?;
        if unit.replay(id.0.0)?.is_none() {
            if new.valid_to.is_some_and(|end| end <= new.valid_from) {
                return Err(ApiError::invalid_member("valid_to", "must be after valid_from"));
            }
            require_free(unit.connection, new.code_system.as_str(), &new.code, new.valid_from, new.valid_to)?;
            let row = TerritoryCode {
                territory_id: id.0,
                code_system: new.code_system,
                code: new.code.clone(),
                valid_from: new.valid_from,
                valid_to: new.valid_to,
                source: new.source,
                created_at: unit.now,
            };
            insert(unit.connection, &[row])?;
            save(unit, &mut territory, &["codes"])?;
        }
        let row: TerritoryCode = t::table.find((new.code_system, &new.code, new.valid_from)).first(unit.connection)?;
        unit.created(&format!("/territories/{}/codes", id.0), territory.version, &row)
    })
    .await
}

#[cfg(test)]
mod tests;
