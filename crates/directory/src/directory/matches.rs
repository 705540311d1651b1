//! Finding services for needs that name nobody (domain 17).

use std::collections::{HashMap, HashSet};

use actix_web::post;
use approdo_db::Connection;
use approdo_db::schema::services;
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{OrganisationId, TerritoryId, scope};
use crate::clock;
use crate::codes;
use crate::directory::capacities::{self, ServiceCapacity};
use crate::directory::matching::{self, Offer, RuleVerdict, Verdict, Wants};
use crate::directory::services::{Freshness, ServiceId, ServiceRow, ServiceStatus};
use crate::error::{ApiError, ApiResult};
use crate::http::forms::language_codes;
use crate::http::texts::LanguageCode;
use crate::http::{Answer, Body, Checked, Door, Reader, reading};

/// Services that are weighed at most: a directory of more is to be asked by type.
const CANDIDATES: i64 = 20_000;
/// Services times needs that a call may weigh: some seconds' work.
const WEIGHED: usize = 10_000_000;
/// Answers of a call at most.
const ANSWERS: usize = 10_000;

/// What somebody needs. It names nobody.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// A code of `service_types`; any when absent.
    #[validate(length(min = 1, max = 40))]
    #[schema(nullable = false, min_length = 1, max_length = 40)]
    pub service_type: Option<String>,
    /// A code of `target_groups`.
    #[validate(length(min = 1, max = 40))]
    #[schema(nullable = false, min_length = 1, max_length = 40)]
    pub target_group: Option<String>,
    /// A code of `residence_statuses`.
    #[validate(length(min = 1, max = 40))]
    #[schema(nullable = false, min_length = 1, max_length = 40)]
    pub legal_status: Option<String>,
    /// Whether that status is held while its renewal is pending (domain 6).
    #[serde(default)]
    pub renewal_pending: bool,
    /// In years.
    #[validate(range(min = 0, max = 150))]
    #[serde(default, deserialize_with = "reading::optional_whole")]
    #[schema(nullable = false, minimum = 0, maximum = 150)]
    pub age: Option<i64>,
    /// Where the person lives.
    #[schema(nullable = false)]
    pub territory_id: Option<TerritoryId>,
    /// Any of them will do; ISO 639-1.
    #[validate(length(max = 20), custom(function = "language_codes"))]
    #[serde(default)]
    #[schema(value_type = Vec<LanguageCode>, required = false, max_items = 20)]
    pub languages: Vec<String>,
    /// The day of the need; today when absent. Territories are as they lie on it.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub on: Option<NaiveDate>,
}

/// Needs to find services for.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"needs": [{
    "service_type": "language_course", "target_group": "refugee", "legal_status": "refugee", "age": 34, "languages": ["uk", "it"]
}]}))]
pub struct ServiceMatchRequest {
    #[validate(length(min = 1, max = 1000), nested)]
    #[schema(min_items = 1, max_items = 1000)]
    pub needs: Vec<Need>,
    /// Services to tell for each need; 10 when absent. Needs times services: 10,000 at most.
    #[validate(range(min = 1, max = 100))]
    #[serde(default, deserialize_with = "reading::optional_whole")]
    #[schema(nullable = false, minimum = 1, maximum = 100, default = 10)]
    pub limit: Option<i64>,
    /// Whether to tell, after the others, those whose rules let nobody like this in, and why.
    #[serde(default)]
    pub with_unmet: bool,
}

impl Checked for ServiceMatchRequest {}

/// A service for a need.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceMatch {
    pub service_id: ServiceId,
    pub organisation_id: OrganisationId,
    #[schema(max_length = 200)]
    pub name: String,
    #[schema(max_length = 40)]
    pub service_type: String,
    /// What its binding rules say together.
    pub verdict: Verdict,
    /// What each of the rules it has says.
    #[schema(max_items = 10)]
    pub rules: Vec<RuleVerdict>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub capacity: Option<ServiceCapacity>,
    pub freshness: Freshness,
}

/// The services for one need, best first.
#[derive(Debug, Serialize, ToSchema)]
pub struct NeedMatches {
    #[schema(max_items = 100)]
    pub services: Vec<ServiceMatch>,
}

/// The services for each need, in the order of the needs.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceMatches {
    #[schema(max_items = 1000)]
    pub needs: Vec<NeedMatches>,
}

struct Candidate {
    row: ServiceRow,
    offer: Offer,
    capacity: Option<ServiceCapacity>,
}

/// Find services for needs.
///
/// Active ones, ranked: whom their rules let in, whose language is spoken, where there is room, what was verified lately. Each rule
/// says its verdict. A need names nobody, and nothing of it is kept.
#[utoipa::path(
    tag = "Directory",
    request_body = ServiceMatchRequest,
    responses((status = 200, description = "The services for each need.", body = ServiceMatches))
)]
#[post("/services/matches")]
pub async fn search_services(
    door: Door,
    caller: Caller<actions::Search, resources::Services>,
    body: Body<ServiceMatchRequest>,
) -> ApiResult<Answer> {
    door.read("search_services", caller, move |reader| {
        let asked = body.read()?;
        let limit = usize::try_from(asked.limit.unwrap_or(10)).map_err(ApiError::fault)?;
        if asked.needs.len() * limit > ANSWERS {
            return Err(ApiError::invalid_member("limit", "times the needs, must not lie above 10000"));
        }
        let candidates = candidates(reader, &asked.needs)?;
        let shelves = Shelves::of(&candidates);
        if asked.needs.iter().map(|need| shelves.for_need(need).len()).sum::<usize>() > WEIGHED {
            return Err(ApiError::invalid_member("needs", "are for too many services: ask in several calls, by type"));
        }
        let mut lying = Lying::default();
        let mut needs = Vec::with_capacity(asked.needs.len());
        for (index, need) in asked.needs.iter().enumerate() {
            let wants = wants(reader, &mut lying, index, need)?;
            let services = ranked(shelves.for_need(need), &wants, asked.with_unmet, limit);
            needs.push(NeedMatches { services });
        }
        Answer::ok(&ServiceMatches { needs })
    })
    .await
}

/// The territories that a territory lies in on a day, each asked for once.
#[derive(Default)]
struct Lying(HashMap<(TerritoryId, NaiveDate), HashSet<TerritoryId>>);

impl Lying {
    fn of(&mut self, connection: &mut Connection, id: TerritoryId, on: NaiveDate) -> QueryResult<HashSet<TerritoryId>> {
        if let Some(known) = self.0.get(&(id, on)) {
            return Ok(known.clone());
        }
        let above: HashSet<TerritoryId> = scope::above(connection, id, on)?.into_iter().collect();
        self.0.insert((id, on), above.clone());
        Ok(above)
    }
}

fn wants(reader: &mut Reader<'_>, lying: &mut Lying, index: usize, need: &Need) -> ApiResult<Wants> {
    let member = |name: &str| format!("needs/{index}/{name}");
    let known = codes::of_new(reader.app);
    known.check_optional("service_types", &member("service_type"), need.service_type.as_deref())?;
    known.check_optional("target_groups", &member("target_group"), need.target_group.as_deref())?;
    known.check_optional("residence_statuses", &member("legal_status"), need.legal_status.as_deref())?;
    let on = need.on.unwrap_or_else(|| clock::date_of(reader.now));
    let residence = match need.territory_id {
        None => None,
        Some(territory) => {
            let above = lying.of(reader.connection, territory, on)?;
            if above.is_empty() {
                return Err(ApiError::unknown_reference(&member("territory_id")));
            }
            Some(above)
        }
    };
    Ok(Wants {
        age: need.age,
        target_group: need.target_group.clone(),
        legal_status: need.legal_status.clone(),
        renewal_pending: need.renewal_pending,
        residence,
        languages: need.languages.clone(),
    })
}

fn candidates(reader: &mut Reader<'_>, needs: &[Need]) -> ApiResult<Vec<Candidate>> {
    let mut list = services::table
        .filter(services::status.eq(ServiceStatus::Active))
        .order((services::name, services::id))
        .limit(CANDIDATES + 1)
        .into_boxed();
    // Where one need is for any type, all are asked for.
    let types: Option<HashSet<&str>> = needs.iter().map(|need| need.service_type.as_deref()).collect();
    if let Some(types) = types {
        list = list.filter(services::service_type.eq_any(types));
    }
    let rows: Vec<ServiceRow> = list.load(reader.connection)?;
    if i64::try_from(rows.len()).map_err(ApiError::fault)? > CANDIDATES {
        return Err(ApiError::invalid_member("needs", "are for too many services: say a service_type in each"));
    }
    let ids: Vec<ServiceId> = rows.iter().map(|row| row.id).collect();
    let mut told = HashMap::new();
    // A statement takes so many parameters.
    for some in ids.chunks(500) {
        let some = capacities::of_services(reader.connection, some)?;
        told.extend(some.into_iter().map(|row| (row.service_id, ServiceCapacity::shown(row, reader.now))));
    }
    let today = clock::date_of(reader.now);
    rows.into_iter()
        .map(|row| {
            let capacity = told.remove(&row.id);
            let offer = Offer {
                minimum_age: row.minimum_age,
                maximum_age: row.maximum_age,
                eligibility: row.eligibility()?,
                languages: row.details()?.languages.into_iter().map(|language| language.code).collect(),
                capacity: capacity.as_ref().filter(|told| !told.stale).map(|told| told.state),
                freshness: Freshness::of(row.verified_on, today),
            };
            Ok(Candidate { row, offer, capacity })
        })
        .collect()
}

/// The candidates by type: a need for one is weighed against those of that type alone.
struct Shelves<'a> {
    all: Vec<&'a Candidate>,
    by_type: HashMap<&'a str, Vec<&'a Candidate>>,
}

impl<'a> Shelves<'a> {
    fn of(candidates: &'a [Candidate]) -> Self {
        let mut by_type: HashMap<&str, Vec<&Candidate>> = HashMap::new();
        for candidate in candidates {
            by_type.entry(&candidate.row.service_type).or_default().push(candidate);
        }
        Self { all: candidates.iter().collect(), by_type }
    }

    fn for_need(&self, need: &Need) -> &[&'a Candidate] {
        match &need.service_type {
            None => &self.all,
            Some(wanted) => self.by_type.get(wanted.as_str()).map(Vec::as_slice).unwrap_or_default(),
        }
    }
}

// Among equals the order of the candidates stays: by name.
fn ranked(candidates: &[&Candidate], wants: &Wants, with_unmet: bool, limit: usize) -> Vec<ServiceMatch> {
    let mut weighed: Vec<(&Candidate, Vec<RuleVerdict>)> = candidates
        .iter()
        .map(|candidate| (*candidate, candidate.offer.weigh(wants)))
        .filter(|(_, rules)| with_unmet || matching::overall(rules) != Verdict::Unmet)
        .collect();
    weighed.sort_by_cached_key(|(candidate, rules)| matching::rank(rules, candidate.offer.freshness));
    weighed.truncate(limit);
    let told = |(candidate, rules): (&Candidate, Vec<RuleVerdict>)| ServiceMatch {
        service_id: candidate.row.id,
        organisation_id: candidate.row.organisation_id,
        name: candidate.row.name.clone(),
        service_type: candidate.row.service_type.clone(),
        verdict: matching::overall(&rules),
        rules,
        capacity: candidate.capacity.clone(),
        freshness: candidate.offer.freshness,
    };
    weighed.into_iter().map(told).collect()
}
