//! Territories found by a code of any system, by a name as somebody remembers it, or by a point.

use std::cmp::Ordering;
use std::collections::HashMap;

use actix_web::post;
use approdo_db::schema::{territories, territory_codes, territory_events, territory_figures};
use approdo_db::{Connection, text_enum};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::TerritoryId;
use crate::access::caller::{Caller, actions, resources};
use crate::clock;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Body, Checked, Door, reading};
use crate::territory::codes::CodeSystem;
use crate::territory::events::TerritoryEventKind;
use crate::territory::figures::FigureMeasure;
use crate::territory::names::folded;
use crate::territory::territories::{Territory, find, plain_code};

/// Territories an answer has, unless asked otherwise, and at most.
const DEFAULT: i64 = 10;
const MOST: i64 = 50;

/// How alike two names are at least, from 0 to 1: one letter in four may be wrong.
const ALIKE: f64 = 0.75;

/// Metres of a mean radius of the earth (WGS 84), and how far a degree of latitude is at least.
const EARTH_RADIUS: f64 = 6_371_008.8;
const METRES_A_DEGREE: f64 = 110_500.0;

/// Degrees around a point that are looked at before everything is.
const NEAR: f64 = 0.5;

text_enum! {
    /// How a territory was found.
    #[derive(ToSchema)]
    TerritoryMatchKind {
        /// By a code it has or had.
        Code = "code",
        /// By its name.
        Name = "name",
        /// By its name in one of its languages.
        NamePart = "name_part",
        /// By a name it had.
        FormerName = "former_name",
        /// By how its name begins.
        NameBeginning = "name_beginning",
        /// By words of its name.
        NameWords = "name_words",
        /// By a name that is alike.
        SimilarName = "similar_name",
        /// By where it is.
        Point = "point",
    }
}

/// A point.
#[derive(Debug, Clone, Copy, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchPoint {
    /// Degrees north, WGS 84.
    #[validate(range(min = -90.0, max = 90.0))]
    #[schema(minimum = -90, maximum = 90)]
    pub latitude: f64,
    /// Degrees east.
    #[validate(range(min = -180.0, max = 180.0))]
    #[schema(minimum = -180, maximum = 180)]
    pub longitude: f64,
}

/// Which territories: by `code`, by `name` or by `point`, one of them.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "doberdo del lago", "kind": "municipality"}))]
pub struct TerritorySearch {
    /// A code it has or had, exactly.
    #[validate(length(min = 1, max = 20), custom(function = "plain_code"))]
    #[schema(nullable = false, min_length = 1, max_length = 20, pattern = "^[0-9A-Za-z._-]+$")]
    pub code: Option<String>,
    /// With `code`: whose; any when absent.
    #[schema(nullable = false)]
    pub code_system: Option<CodeSystem>,
    /// With `code`: those that have it on this day.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub on: Option<NaiveDate>,
    /// Its name, whatever its accents, apostrophes and capitals, in any of its languages, with a wrong letter or two.
    #[validate(length(min = 1, max = 200))]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub name: Option<String>,
    /// Near to it.
    #[validate(nested)]
    #[schema(nullable = false)]
    pub point: Option<SearchPoint>,
    /// A code of `territory_kinds`.
    #[validate(length(min = 1, max = 40))]
    #[schema(nullable = false, min_length = 1, max_length = 40)]
    pub kind: Option<String>,
    /// How many at most; 10 when absent.
    #[validate(range(min = 1, max = 50))]
    #[schema(nullable = false, minimum = 1, maximum = 50)]
    #[serde(default, deserialize_with = "reading::optional_whole")]
    pub limit: Option<i64>,
}

impl Checked for TerritorySearch {}

/// A territory that was found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TerritoryMatch {
    pub territory: Territory,
    pub matched_by: TerritoryMatchKind,
    /// The code or the name it was found by.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub matched: Option<String>,
    /// How well it fits, from 0 to 1; absent where it was found by a point.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 1)]
    pub score: Option<f64>,
    /// From the point to its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 21000000)]
    pub metres: Option<i64>,
}

/// The territories that were found, the best first.
#[derive(Debug, Serialize, ToSchema)]
pub struct TerritoryMatches {
    #[schema(max_items = 50)]
    pub items: Vec<TerritoryMatch>,
}

/// Search territories.
///
/// By a code of any system, by a name as somebody remembers it, or by a point: then the nearest that have one, by the distance from
/// their middle. Names are compared without accents, apostrophes and capitals; what fits wholly comes first, then a name in one
/// language of two, a former name, a beginning, words of it, and what is alike.
#[utoipa::path(
    tag = "Territory",
    request_body = TerritorySearch,
    responses((status = 200, description = "The territories found.", body = TerritoryMatches))
)]
#[post("/territories/searches")]
pub async fn search_territories(
    door: Door,
    caller: Caller<actions::List, resources::Territories>,
    body: Body<TerritorySearch>,
) -> ApiResult<Answer> {
    door.read("search_territories", caller, move |reader| {
        let asked = body.read()?;
        let limit = usize::try_from(asked.limit.unwrap_or(DEFAULT).clamp(1, MOST)).map_err(ApiError::fault)?;
        let today = clock::date_of(reader.now);
        let items = match (&asked.code, &asked.name, asked.point) {
            (Some(code), None, None) => by_code(reader.connection, &asked, code, limit)?,
            (None, Some(name), None) => by_name(reader.connection, asked.kind.as_deref(), name, today, limit)?,
            (None, None, Some(point)) => by_point(reader.connection, asked.kind.as_deref(), point, today, limit)?,
            _ => return Err(ApiError::invalid_member("name", "give one of code, name and point")),
        };
        Answer::ok(&TerritoryMatches { items })
    })
    .await
}

fn by_code(
    connection: &mut Connection,
    asked: &TerritorySearch,
    code: &str,
    limit: usize,
) -> ApiResult<Vec<TerritoryMatch>> {
    use territory_codes as t;
    let mut list = t::table.filter(t::code.eq(code)).order((t::code_system, t::valid_from)).into_boxed();
    if let Some(system) = asked.code_system {
        list = list.filter(t::code_system.eq(system));
    }
    if let Some(on) = asked.on {
        list = list.filter(t::valid_from.le(on)).filter(t::valid_to.is_null().or(t::valid_to.gt(on)));
    }
    let mut holders: Vec<TerritoryId> = Vec::new();
    for holder in list.select(t::territory_id).load::<TerritoryId>(connection)? {
        if !holders.contains(&holder) {
            holders.push(holder);
        }
    }
    let mut found = Vec::new();
    for holder in holders {
        let Some(territory) = find(connection, holder)? else { continue };
        if asked.kind.as_ref().is_none_or(|kind| *kind == territory.kind) && found.len() < limit {
            let (matched, score) = (Some(code.to_owned()), Some(1.0));
            found.push(TerritoryMatch {
                territory,
                matched_by: TerritoryMatchKind::Code,
                matched,
                score,
                metres: None,
            });
        }
    }
    Ok(found)
}

/// How a name fits what was asked for.
fn fit(asked: &str, name: &str) -> Option<(f64, TerritoryMatchKind)> {
    let whole = folded(name);
    if whole == asked {
        return Some((1.0, TerritoryMatchKind::Name));
    }
    let parts: Vec<String> =
        if name.contains(['/', '-']) { name.split(['/', '-']).map(folded).collect() } else { Vec::new() };
    if parts.iter().any(|part| part == asked) {
        return Some((0.99, TerritoryMatchKind::NamePart));
    }
    if whole.starts_with(asked) || parts.iter().any(|part| part.starts_with(asked)) {
        return Some((0.9, TerritoryMatchKind::NameBeginning));
    }
    // "Reggio Emilia" is said of Reggio nell'Emilia.
    if asked.split(' ').all(|word| whole.split(' ').any(|other| other == word)) {
        return Some((0.88, TerritoryMatchKind::NameWords));
    }
    let likeness = parts.iter().chain([&whole]).map(|part| likeness(asked, part)).fold(0.0, f64::max);
    (likeness >= ALIKE).then_some((likeness * 0.87, TerritoryMatchKind::SimilarName))
}

fn likeness(one: &str, other: &str) -> f64 {
    let (short, long) = if one.len() < other.len() { (one.len(), other.len()) } else { (other.len(), one.len()) };
    // Names whose lengths differ by more than a quarter cannot be alike.
    if short * 4 < long * 3 { 0.0 } else { strsim::normalized_damerau_levenshtein(one, other) }
}

fn by_name(
    connection: &mut Connection,
    kind: Option<&str>,
    name: &str,
    today: NaiveDate,
    limit: usize,
) -> ApiResult<Vec<TerritoryMatch>> {
    let asked = folded(name);
    if asked.is_empty() {
        return Err(ApiError::invalid_member("name", "must hold letters or digits"));
    }
    let mut names = territories::table.select((territories::id, territories::name, territories::valid_to)).into_boxed();
    if let Some(kind) = kind {
        names = names.filter(territories::kind.eq(kind));
    }
    let names: Vec<(TerritoryId, String, Option<NaiveDate>)> = names.load(connection)?;
    let ends: HashMap<TerritoryId, Option<NaiveDate>> = names.iter().map(|(id, _, end)| (*id, *end)).collect();
    let former: Vec<(TerritoryId, Option<String>)> = territory_events::table
        .filter(territory_events::kind.eq(TerritoryEventKind::Rename))
        .select((territory_events::from_territory_id, territory_events::old_value))
        .load(connection)?;
    let former = former.into_iter().filter_map(|(id, name)| {
        let (name, end) = (name?, *ends.get(&id)?);
        let (score, _) = fit(&asked, &name)?;
        Some((score * 0.95, TerritoryMatchKind::FormerName, id, name, end))
    });
    let present = names.iter().filter_map(|(id, name, end)| {
        let (score, kind) = fit(&asked, name)?;
        Some((score, kind, *id, name.clone(), *end))
    });
    let mut fits: Vec<_> = present.chain(former).collect();
    // Of equal fit what is there comes before what was.
    fits.sort_by(|one, other| {
        let is_over = |end: Option<NaiveDate>| end.is_some_and(|end| end <= today);
        (other.0.total_cmp(&one.0))
            .then(is_over(one.4).cmp(&is_over(other.4)))
            .then_with(|| one.3.cmp(&other.3))
            .then(one.2.cmp(&other.2))
    });
    let mut found: Vec<TerritoryMatch> = Vec::new();
    for (score, matched_by, id, name, _) in fits {
        if found.len() == limit {
            break;
        }
        if found.iter().all(|known| known.territory.id != id)
            && let Some(territory) = find(connection, id)?
        {
            found.push(TerritoryMatch { territory, matched_by, matched: Some(name), score: Some(score), metres: None });
        }
    }
    Ok(found)
}

/// Metres between two points along a great circle.
fn metres(from: SearchPoint, latitude: f64, longitude: f64) -> f64 {
    let (north, other_north) = (from.latitude.to_radians(), latitude.to_radians());
    let half_height = ((other_north - north) / 2.0).sin();
    let half_width = ((longitude - from.longitude).to_radians() / 2.0).sin();
    let chord = half_height * half_height + north.cos() * other_north.cos() * half_width * half_width;
    2.0 * EARTH_RADIUS * chord.sqrt().min(1.0).asin()
}

fn by_point(
    connection: &mut Connection,
    kind: Option<&str>,
    point: SearchPoint,
    today: NaiveDate,
    limit: usize,
) -> ApiResult<Vec<TerritoryMatch>> {
    let mut nearest = distances(connection, kind.unwrap_or("municipality"), point, today, NEAR)?;
    // What is further than the strip that was looked at may be further than what lies outside it.
    let is_sure = nearest.get(limit - 1).is_some_and(|(away, _)| *away < NEAR * METRES_A_DEGREE);
    if !is_sure {
        nearest = distances(connection, kind.unwrap_or("municipality"), point, today, 180.0)?;
    }
    let mut found = Vec::new();
    for (away, id) in nearest.into_iter().take(limit) {
        let Some(territory) = find(connection, id)? else { continue };
        let metres = format!("{away:.0}").parse().map_err(ApiError::fault)?;
        let (matched_by, metres) = (TerritoryMatchKind::Point, Some(metres));
        found.push(TerritoryMatch { territory, matched_by, matched: None, score: None, metres });
    }
    Ok(found)
}

/// Territories of a kind that are there, with their distances, the nearest first: those within so many degrees north and south.
fn distances(
    connection: &mut Connection,
    kind: &str,
    point: SearchPoint,
    today: NaiveDate,
    degrees: f64,
) -> ApiResult<Vec<(f64, TerritoryId)>> {
    use territory_figures as t;
    let rows: Vec<(TerritoryId, Option<f64>, Option<f64>)> = t::table
        .inner_join(territories::table.on(territories::id.eq(t::territory_id)))
        .filter(t::measure.eq(FigureMeasure::Point))
        .filter(t::latitude.ge(point.latitude - degrees))
        .filter(t::latitude.le(point.latitude + degrees))
        .filter(territories::kind.eq(kind))
        .filter(territories::valid_to.is_null().or(territories::valid_to.gt(today)))
        .order(t::valid_on)
        .select((t::territory_id, t::latitude, t::longitude))
        .load(connection)?;
    // The latest point of each.
    let latest: HashMap<TerritoryId, f64> = rows
        .into_iter()
        .filter_map(|(id, latitude, longitude)| Some((id, metres(point, latitude?, longitude?))))
        .collect();
    let mut nearest: Vec<(f64, TerritoryId)> = latest.into_iter().map(|(id, away)| (away, id)).collect();
    nearest.sort_by(|one, other| match one.0.total_cmp(&other.0) {
        Ordering::Equal => one.1.cmp(&other.1),
        unequal => unequal,
    });
    Ok(nearest)
}

#[cfg(test)]
mod tests;
