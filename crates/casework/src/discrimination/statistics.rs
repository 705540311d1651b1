//! How many reports there were, about what and where, and how they ended: of years that are over. What a year has counted does not change
//! any more, so that nobody learns of the newest report by asking twice.

use std::collections::BTreeSet;

use actix_web::get;
use approdo_db::types::Uuid;
use approdo_db::{Prepared, Value, text_enum};
use chrono::{Datelike as _, NaiveDate};
use diesel::sql_types::{BigInt, Date, Nullable, Text};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::rights::{HeldGrant, Rights};
use crate::access::standing::Asks as _;
use crate::access::{Action, OrganisationId, Resource, Role, TerritoryId};
use crate::anonymity::THRESHOLD;
use crate::clock;
use crate::discrimination::codes::{AreaOfLife, DiscriminationGround};
use crate::discrimination::counts::{Cell, Told, Year};
use crate::discrimination::rules::DiscriminationReportOutcome;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Door, Parameters, Reader};

text_enum! {
    /// By what reports are counted.
    #[derive(ToSchema)]
    DiscriminationReportBreakdown {
        /// In which they were received.
        Month = "month",
        /// In which they were received.
        Quarter = "quarter",
        AreaOfLife = "area_of_life",
        /// As reported; a report can have several.
        Ground = "ground",
        /// Where it happened.
        Territory = "territory",
        /// Of those that ended in the year.
        Outcome = "outcome",
    }
}

/// What to count.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DiscriminationReportStatisticsQuery {
    /// A year that is over (UTC); the last one when absent.
    #[validate(range(min = 2000, max = 9998))]
    #[param(minimum = 2000, maximum = 9998)]
    year: Option<i32>,
    /// By what; by month when absent.
    breakdown: Option<DiscriminationReportBreakdown>,
    /// The body that the reports were sent to; that of your grant when absent.
    organisation_id: Option<OrganisationId>,
}

/// One count, and the same of the year before.
#[derive(Debug, Serialize, ToSchema)]
pub struct DiscriminationReportCount {
    /// What is counted: `2025-03`, `2025-Q1`, a value of `AreaOfLife`, `DiscriminationGround` or `DiscriminationReportOutcome`, the id of a
    /// territory, or `not_stated`.
    #[schema(max_length = 40)]
    pub code: String,
    /// Absent where it is hidden: below five, or so that what is below five is not computed. Of a territory absent where there were none
    /// as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 9007199254740991_i64)]
    pub count: Option<i64>,
    /// Of the year before, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 9007199254740991_i64)]
    pub previous_count: Option<i64>,
    /// How much more than in the year before, where both are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = -9007199254740991_i64, maximum = 9007199254740991_i64)]
    pub change: Option<i64>,
}

/// How many reports of discrimination there were in a year.
#[derive(Debug, Serialize, ToSchema)]
pub struct DiscriminationReportStatistics {
    #[schema(minimum = 2000, maximum = 9998)]
    pub year: i32,
    pub breakdown: DiscriminationReportBreakdown,
    /// The body that they were sent to.
    pub organisation_id: OrganisationId,
    /// Counts above nought and below it are hidden.
    #[schema(minimum = 1, maximum = 1000)]
    pub suppress_below: i64,
    /// All that were received in the year; of the breakdown by outcome, all that ended.
    pub total: DiscriminationReportCount,
    #[schema(max_items = 10000)]
    pub items: Vec<DiscriminationReportCount>,
}

/// Count reports of discrimination.
///
/// Those that were sent to one body, by year and one breakdown, with the year before: for its officers, and for observatory analysts whose
/// grant has the body among its organisations. Small counts are hidden, and everybody reads the same ones.
#[utoipa::path(
    tag = "Discrimination",
    params(DiscriminationReportStatisticsQuery),
    responses((status = 200, description = "The counts.", body = DiscriminationReportStatistics))
)]
#[get("/discrimination-reports/statistics")]
pub async fn read_discrimination_report_statistics(
    door: Door,
    caller: Caller<actions::Read, resources::DiscriminationReportStatistics>,
    query: Parameters<DiscriminationReportStatisticsQuery>,
) -> ApiResult<Answer> {
    door.read("read_discrimination_report_statistics", caller, move |reader| {
        let asked = query.read()?;
        let last = clock::date_of(reader.now).year() - 1;
        let year = asked.year.unwrap_or(last);
        if year > last {
            return Err(ApiError::malformed("year: is not over yet"));
        }
        let breakdown = asked.breakdown.unwrap_or(DiscriminationReportBreakdown::Month);
        let organisation = body(&reader.rights, asked.organisation_id)?;
        let now = counted(reader, organisation, year)?.told();
        let before = counted(reader, organisation, year - 1)?.told();
        Answer::ok(&DiscriminationReportStatistics {
            year,
            breakdown,
            organisation_id: organisation,
            suppress_below: THRESHOLD,
            total: breakdown.total(&now, &before),
            items: breakdown.items(year, &now, &before),
        })
    })
    .await
}

/// The body whose reports are counted; 404 where none of the caller's grants lets them.
///
/// A table is of one body as a whole, whatever else a grant is narrowed to: of two that overlap, everything that the one has more than
/// the other could be computed.
fn body(rights: &Rights, asked: Option<OrganisationId>) -> ApiResult<OrganisationId> {
    let grants = rights.grants_for(Action::Read, Resource::DiscriminationReportStatistics);
    let reaches = |grant: &HeldGrant, body: OrganisationId| match grant.role {
        Role::AntiDiscriminationOfficer => grant.organisation == body,
        _ => grant.organisation == body || grant.organisations.contains(&body),
    };
    match asked {
        Some(body) => Some(body).filter(|body| grants.iter().any(|grant| reaches(grant, *body))),
        None => grants.iter().map(|grant| grant.organisation).min(),
    }
    .ok_or_else(ApiError::not_found)
}

fn compared(code: String, count: Option<i64>, previous_count: Option<i64>) -> DiscriminationReportCount {
    let change = count.zip(previous_count).map(|(count, previous)| count - previous);
    DiscriminationReportCount { code, count, previous_count, change }
}

fn of(told: &Told, cell: Cell) -> Option<i64> {
    told.get(&cell).copied().flatten()
}

impl DiscriminationReportBreakdown {
    fn total(self, now: &Told, before: &Told) -> DiscriminationReportCount {
        let cell = if self == Self::Outcome { Cell::Ended } else { Cell::Received };
        compared("total".to_owned(), of(now, cell), of(before, cell))
    }

    fn items(self, year: i32, now: &Told, before: &Told) -> Vec<DiscriminationReportCount> {
        let cells: Vec<(String, Cell)> = match self {
            Self::Month => (1..=12).map(|month| (format!("{year}-{month:02}"), Cell::Month(month))).collect(),
            Self::Quarter => (1..=4).map(|quarter| (format!("{year}-Q{quarter}"), Cell::Quarter(quarter))).collect(),
            Self::AreaOfLife => {
                AreaOfLife::ALL.iter().map(|area| (area.as_str().to_owned(), Cell::Area(*area))).collect()
            }
            Self::Ground => DiscriminationGround::ALL
                .iter()
                .map(|ground| (ground.as_str().to_owned(), Cell::Ground(*ground)))
                .collect(),
            Self::Outcome => DiscriminationReportOutcome::ALL
                .iter()
                .map(|outcome| (outcome.as_str().to_owned(), Cell::Outcome(*outcome)))
                .collect(),
            Self::Territory => return places(now, before),
        };
        cells.into_iter().map(|(code, cell)| compared(code, of(now, cell), of(before, cell))).collect()
    }
}

/// Territories of which a count is told. One that is hidden is not named: that somebody there has reported would be told by it, and of a
/// village that is who.
fn places(now: &Told, before: &Told) -> Vec<DiscriminationReportCount> {
    let named = |told: &Told| -> Vec<Option<TerritoryId>> {
        told.iter()
            .filter(|(_, count)| count.is_some_and(|count| count > 0))
            .filter_map(|(cell, _)| if let Cell::Place(place) = cell { Some(*place) } else { None })
            .collect()
    };
    let all: BTreeSet<Option<TerritoryId>> = named(now).into_iter().chain(named(before)).collect();
    let code = |place: Option<TerritoryId>| place.map_or_else(|| "not_stated".to_owned(), |id| id.to_string());
    let count = |told: &Told, place| of(told, Cell::Place(place)).filter(|count| *count > 0);
    all.into_iter().map(|place| compared(code(place), count(now, place), count(before, place))).collect()
}

type Received = (Date, Text, Nullable<Uuid>, BigInt);

fn counted(reader: &mut Reader<'_>, organisation: OrganisationId, year: i32) -> ApiResult<Year> {
    let mut counts = Year::default();
    let received = Prepared::<Received>::select("r.received_on, r.area_of_life, r.territory_id, count(*)")
        .sql(" FROM discrimination_reports r WHERE ");
    let received = within(organisation, received, "r.received_on", year)?
        .sql(" GROUP BY r.received_on, r.area_of_life, r.territory_id");
    let received: Vec<(NaiveDate, AreaOfLife, Option<TerritoryId>, i64)> = reader.load(received)?;
    for (on, area, place, count) in received {
        counts.received(on, area, place, count);
    }
    let grounds = Prepared::<(Text, BigInt)>::select("g.ground, count(*)").sql(
        " FROM discrimination_report_grounds g JOIN discrimination_reports r ON r.id = g.discrimination_report_id \
         WHERE g.reported AND ",
    );
    let grounds: Vec<(DiscriminationGround, i64)> = {
        let statement = within(organisation, grounds, "r.received_on", year)?.sql(" GROUP BY g.ground");
        reader.load(statement)?
    };
    for (ground, count) in grounds {
        counts.with_ground(ground, count);
    }
    let ended = Prepared::<(Text, BigInt)>::select("r.outcome, count(*)").sql(" FROM discrimination_reports r WHERE ");
    let ended: Vec<(DiscriminationReportOutcome, i64)> = {
        let statement = within(organisation, ended, "r.ended_on", year)?.sql(" GROUP BY r.outcome");
        reader.load(statement)?
    };
    for (outcome, count) in ended {
        counts.ended(outcome, count);
    }
    Ok(counts)
}

/// Adds to a condition on reports aliased `r` that they were sent to a body, and that a day of theirs is in this year.
fn within<ST>(
    organisation: OrganisationId,
    statement: Prepared<ST>,
    day: &'static str,
    year: i32,
) -> ApiResult<Prepared<ST>> {
    let first_of = |year| {
        let first = NaiveDate::from_ymd_opt(year, 1, 1).ok_or_else(|| ApiError::fault("a year without a day"));
        first.map(Value::Date)
    };
    let statement = statement.sql(day).sql(" >= ").bind(first_of(year)?).sql(" AND ").sql(day).sql(" < ");
    Ok(statement.bind(first_of(year + 1)?).sql(" AND r.organisation_id = ").bind(organisation))
}
