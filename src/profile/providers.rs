//! Who gives which services in a territory, and in which programs: counted from the directory as it is now, which has no past.

use approdo_db::schema::{organisations, programs, services};
use approdo_db::{Connection, Prepared};
use chrono::NaiveDate;
use diesel::dsl::{count, count_star};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{OrganisationId, TerritoryId};
use crate::app::App;
use crate::directory::programs::ProgramId;
use crate::directory::services::{Freshness, ProviderKind, ServiceStatus};
use crate::directory::there::{self, Where};

/// Programs that a profile tells at most.
const MOST_PROGRAMS: i64 = 50;

/// Languages that a profile tells at most.
const MOST_LANGUAGES: i64 = 200;

/// How many there are of something.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProfileCount {
    /// A code of the list or the enumeration that is counted by.
    #[schema(min_length = 1, max_length = 40)]
    pub code: String,
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub count: i64,
    /// The list of what was counted; absent where no list can be asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "uri", max_length = 2048)]
    pub href: Option<String>,
}

/// Lists of what was counted.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderLinks {
    #[schema(format = "uri", max_length = 2048)]
    pub organisations: String,
    #[schema(format = "uri", max_length = 2048)]
    pub services: String,
    #[schema(format = "uri", max_length = 2048)]
    pub regular_structures: String,
}

/// Who gives services in a territory: at locations in it or below it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProviderLandscape {
    /// The day of the directory that was counted: today, since it has no past.
    pub as_of: NaiveDate,
    /// Organisations with a location there, or an active service at one.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub organisations: i64,
    /// The same by `organisation_kinds`.
    #[schema(max_items = 200)]
    pub organisation_kinds: Vec<ProfileCount>,
    /// Active services; each once, at however many locations.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub services: i64,
    /// Of them, those for everyone alike (domain K2).
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub regular_structures: i64,
    /// By `internal` and `external`.
    #[schema(max_items = 2)]
    pub provider_kinds: Vec<ProfileCount>,
    /// By `service_types`.
    #[schema(max_items = 500)]
    pub service_types: Vec<ProfileCount>,
    /// By `fresh`, `ageing` and `stale`.
    #[schema(max_items = 3)]
    pub freshness: Vec<ProfileCount>,
    /// By the languages (ISO 639) of the services or of the locations where they are given: a service counts in each; the commonest first.
    #[schema(max_items = 200)]
    pub languages: Vec<ProfileCount>,
    #[serde(rename = "_links")]
    pub links: ProviderLinks,
}

/// A program with services in a territory.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProfileProgram {
    pub program_id: ProgramId,
    pub organisation_id: OrganisationId,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Its active services there; none where its organisation has a location there, and the program no service yet.
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub services: i64,
    #[schema(format = "uri", max_length = 2048)]
    pub href: String,
}

/// The programs of a territory.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProfilePrograms {
    /// The day of the directory that was counted: today, since it has no past.
    pub as_of: NaiveDate,
    #[schema(minimum = 0, maximum = 9007199254740991_i64)]
    pub total: i64,
    /// By name.
    #[schema(max_items = 50)]
    pub items: Vec<ProfileProgram>,
    /// The list of all.
    #[schema(format = "uri", max_length = 2048)]
    pub href: String,
}

/// Adds up what has the same code, in the order of the codes.
fn by_code<'a>(rows: impl Iterator<Item = (&'a str, i64)>, href: impl Fn(&str) -> String) -> Vec<ProfileCount> {
    let mut counts: std::collections::BTreeMap<&str, i64> = std::collections::BTreeMap::new();
    for (code, count) in rows {
        *counts.entry(code).or_default() += count;
    }
    let told = |(code, count): (&str, i64)| ProfileCount { code: code.to_owned(), count, href: Some(href(code)) };
    counts.into_iter().map(told).collect()
}

impl ProviderLandscape {
    pub fn of(connection: &mut Connection, app: &App, territory: TerritoryId, today: NaiveDate) -> QueryResult<Self> {
        let there = (territory, today);
        let active = || services::table.filter(services::status.eq(ServiceStatus::Active));
        let groups: Vec<(ProviderKind, String, bool, i64)> = active()
            .filter(there::services(there))
            .group_by((services::provider_kind, services::service_type, services::regular_structure))
            .select((services::provider_kind, services::service_type, services::regular_structure, count_star()))
            .load(connection)?;
        let days: Vec<(Option<NaiveDate>, i64)> = active()
            .filter(there::services(there))
            .group_by(services::verified_on)
            .select((services::verified_on, count_star()))
            .load(connection)?;
        let bodies: Vec<(String, i64)> = organisations::table
            .filter(there::organisations(there))
            .group_by(organisations::kind)
            .select((organisations::kind, count_star()))
            .load(connection)?;
        let all = app.address(&format!("/services?status=active&under={territory}"));
        let by = |name: &'static str| move |all: &str, code: &str| format!("{all}&{name}={code}");
        let of_bodies = app.address(&format!("/organisations?under={territory}"));
        let fresh = days.iter().map(|(day, count)| (Freshness::of(*day, today), *count));
        let fresh: Vec<(&str, i64)> = fresh.map(|(band, count)| (band.as_str(), count)).collect();
        Ok(Self {
            as_of: today,
            organisations: bodies.iter().map(|(_, count)| count).sum(),
            organisation_kinds: by_code(bodies.iter().map(|(kind, count)| (kind.as_str(), *count)), |code| {
                by("kind")(&of_bodies, code)
            }),
            services: groups.iter().map(|(.., count)| count).sum(),
            regular_structures: groups.iter().filter(|(_, _, regular, _)| *regular).map(|(.., count)| count).sum(),
            provider_kinds: by_code(groups.iter().map(|(kind, .., count)| (kind.as_str(), *count)), |code| {
                by("provider_kind")(&all, code)
            }),
            service_types: by_code(groups.iter().map(|(_, code, _, count)| (code.as_str(), *count)), |code| {
                by("service_type")(&all, code)
            }),
            freshness: by_code(fresh.into_iter(), |code| by("freshness")(&all, code)),
            languages: languages(connection, there)?,
            links: ProviderLinks {
                organisations: of_bodies.clone(),
                regular_structures: format!("{all}&regular_structure=true"),
                services: all,
            },
        })
    }
}

/// How many active services there are in each language.
fn languages(connection: &mut Connection, there: Where) -> QueryResult<Vec<ProfileCount>> {
    // The items of a JSON list are the one thing that the databases have under two names.
    let items = match connection {
        Connection::Postgres(_) => "jsonb_array_elements(",
        Connection::Sqlite(_) => "json_each(",
    };
    let statement = Prepared::<(Text, BigInt)>::new("SELECT code, COUNT(*) AS services FROM (SELECT s.id, language.value ->> 'code' AS code FROM services s CROSS JOIN ")
        .sql(items)
        .sql("s.details -> 'languages') language WHERE s.status = 'active' AND s.id IN (");
    let statement = there::service_ids(statement, there)
        .sql(") UNION SELECT s.id, language.value ->> 'code' FROM services s JOIN service_at_locations a ON a.service_id = s.id JOIN locations l ON l.id = a.location_id CROSS JOIN ")
        .sql(items)
        .sql("l.details -> 'languages') language WHERE s.status = 'active' AND l.territory_id IN (");
    let statement = crate::access::scope::under(statement, there.0, there.1)
        .sql(")) spoken GROUP BY code ORDER BY services DESC, code LIMIT ")
        .bind(approdo_db::Value::BigInt(MOST_LANGUAGES));
    let rows: Vec<(String, i64)> = statement.load(connection)?;
    Ok(rows.into_iter().map(|(code, count)| ProfileCount { code, count, href: None }).collect())
}

impl ProfilePrograms {
    pub fn of(connection: &mut Connection, app: &App, territory: TerritoryId, today: NaiveDate) -> QueryResult<Self> {
        let there = (territory, today);
        let rows: Vec<(ProgramId, OrganisationId, String)> = programs::table
            .filter(there::programs(there))
            .order((programs::name, programs::id))
            .limit(MOST_PROGRAMS)
            .select((programs::id, programs::organisation_id, programs::name))
            .load(connection)?;
        let total = programs::table.filter(there::programs(there)).count().get_result(connection)?;
        let ids: Vec<ProgramId> = rows.iter().map(|(id, ..)| *id).collect();
        let counted: Vec<(Option<ProgramId>, i64)> = services::table
            .filter(services::program_id.eq_any(ids))
            .filter(services::status.eq(ServiceStatus::Active))
            .filter(there::services(there))
            .group_by(services::program_id)
            .select((services::program_id, count(services::id)))
            .load(connection)?;
        let items = rows.into_iter().map(|(program_id, organisation_id, name)| ProfileProgram {
            program_id,
            organisation_id,
            name,
            services: counted.iter().find(|(id, _)| *id == Some(program_id)).map_or(0, |(_, count)| *count),
            href: app.address(&format!("/programs/{program_id}")),
        });
        let href = app.address(&format!("/programs?under={territory}"));
        Ok(Self { as_of: today, total, items: items.collect(), href })
    }
}
