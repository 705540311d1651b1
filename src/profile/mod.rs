//! What is known of a territory, in one answer (domain K8).

pub mod options;
pub mod providers;

use actix_web::get;
use approdo_db::schema::{territories, territory_codes, territory_events, territory_memberships};
use approdo_db::{Connection, Timestamp};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::access::TerritoryId;
use crate::access::caller::{Caller, actions, resources};
use crate::app::App;
use crate::clock;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Door, Fields, Id, IfNoneMatch, Parameters, reading};
use crate::observatory::indicators::latest::TargetGroupComposition;
use crate::profile::options::ImplementationOptions;
use crate::profile::providers::{ProfilePrograms, ProviderLandscape};
use crate::territory::codes::TerritoryCode;
use crate::territory::events::{TerritoryEvent, TerritoryEventKind};
use crate::territory::figures::{self, FigureMeasure, TerritoryFigure};
use crate::territory::joint_management::JointManagementRule;
use crate::territory::territories::{Territory, find};
use crate::territory::tree;

/// Codes, events and memberships a profile tells at most; each has a list of its own.
const MOST: i64 = 200;

/// Territories above one whose agreements and policy documents are told: SQLite refuses conditions of a thousand parts.
const MOST_ABOVE: usize = 200;

/// A territory above another one.
#[derive(Debug, Serialize, Queryable, ToSchema)]
pub struct ProfilePlace {
    pub id: TerritoryId,
    /// A code of `territory_kinds`.
    #[schema(max_length = 40)]
    pub kind: String,
    #[schema(max_length = 20)]
    pub code: String,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
}

/// What a territory was called.
#[derive(Debug, Serialize, ToSchema)]
pub struct FormerName {
    #[schema(max_length = 200)]
    pub name: String,
    /// First day on which it was called otherwise.
    pub valid_to: NaiveDate,
}

/// A union, convention, district or mountain community that it is or was a member of.
#[derive(Debug, Clone, Serialize, Queryable, ToSchema)]
pub struct ProfileMembership {
    pub aggregate_id: TerritoryId,
    /// A code of `territory_kinds`.
    #[schema(max_length = 40)]
    pub kind: String,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    pub valid_from: NaiveDate,
    /// First day it is no longer one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub valid_to: Option<NaiveDate>,
}

impl ProfileMembership {
    pub fn is_on(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|end| day < end)
    }
}

/// Whether a municipality has to run its functions jointly with others, and by which rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct JointManagementObligation {
    pub is_obliged: bool,
    pub rule: JointManagementRule,
    /// Whether it is or ever was a member of a mountain community.
    pub ever_in_the_mountains: bool,
    /// The residents that were counted.
    pub population: TerritoryFigure,
}

/// What is known of a territory.
#[derive(Debug, Serialize, ToSchema)]
pub struct TerritoryProfile {
    pub territory: Territory,
    /// The day that path, figures and obligation are of.
    pub on: NaiveDate,
    /// What it lies in, the nearest first.
    #[schema(max_items = 20)]
    pub path: Vec<ProfilePlace>,
    #[schema(max_items = 200)]
    pub codes: Vec<TerritoryCode>,
    /// Oldest first.
    #[schema(max_items = 200)]
    pub former_names: Vec<FormerName>,
    /// The latest of each measure.
    #[schema(max_items = 20)]
    pub figures: Vec<TerritoryFigure>,
    #[schema(max_items = 200)]
    pub memberships: Vec<ProfileMembership>,
    /// Oldest first.
    #[schema(max_items = 200)]
    pub events: Vec<TerritoryEvent>,
    /// Of Italian municipalities whose population is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub joint_management_obligation: Option<JointManagementObligation>,
    pub programs: ProfilePrograms,
    pub providers: ProviderLandscape,
    /// What statistics say of who lives there.
    pub composition: TargetGroupComposition,
    pub options: ImplementationOptions,
}

/// Which profile of a territory.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TerritoryProfileQuery {
    /// The day; today when absent. Programs and providers are told as of today all the same: the directory has no past.
    #[serde(default, deserialize_with = "reading::optional_day")]
    on: Option<NaiveDate>,
}

/// Read a territory's profile.
///
/// Its codes and former names, what it lies in, the latest figures with their days and sources, what it is or was a member of, what
/// happened to it, and of Italian municipalities whether they have to run their functions jointly. Then what is known of integration there
/// (domain K8): programs, providers and their services at locations in it or below it, what the published indicators last told of it,
/// and by which means integration can be worked on. Every list ends at a bound and has an address of its own.
#[utoipa::path(
    tag = "Territory",
    params(("territory_id" = TerritoryId, Path, description = "The territory."), TerritoryProfileQuery),
    responses((status = 200, description = "The profile.", body = TerritoryProfile))
)]
#[get("/territories/{territory_id}/profile")]
pub async fn read_territory_profile(
    door: Door,
    caller: Caller<actions::Read, resources::Territories>,
    id: Id<TerritoryId>,
    query: Parameters<TerritoryProfileQuery>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_territory_profile", caller, move |reader| {
        let territory = find(reader.connection, id.0)?.ok_or_else(ApiError::not_found)?;
        let on = query.read()?.on.unwrap_or_else(|| clock::date_of(reader.now));
        let version = territory.version;
        let profile = TerritoryProfile::of(reader.connection, reader.app, territory, (on, reader.now))?;
        // It is made of many rows, whose versions say nothing together: the tag is of what it says.
        let said = serde_json::to_string(&profile).map_err(ApiError::fault)?;
        reader.answer_row(version, &held, &Fields::default(), &said, &profile)
    })
    .await
}

impl TerritoryProfile {
    fn of(
        connection: &mut Connection,
        app: &App,
        territory: Territory,
        (on, now): (NaiveDate, Timestamp),
    ) -> ApiResult<Self> {
        let (id, today) = (territory.id, clock::date_of(now));
        let codes: Vec<TerritoryCode> = {
            use territory_codes as t;
            let order = (t::code_system, t::valid_from, t::code);
            t::table.filter(t::territory_id.eq(id)).order(order).limit(MOST).load(connection)?
        };
        let events: Vec<TerritoryEvent> = {
            use territory_events as t;
            t::table
                .filter(t::from_territory_id.eq(id).or(t::to_territory_id.eq(id)))
                .order((t::effective_on, t::id))
                .limit(MOST)
                .load(connection)?
        };
        let memberships: Vec<ProfileMembership> = {
            use territory_memberships as t;
            t::table
                .inner_join(territories::table.on(territories::id.eq(t::aggregate_id)))
                .filter(t::member_id.eq(id))
                .order((t::valid_from, t::id))
                .limit(MOST)
                .select((t::aggregate_id, territories::kind, territories::name, t::valid_from, t::valid_to))
                .load(connection)?
        };
        let above = tree::path(connection, id, on)?;
        let mut path: Vec<ProfilePlace> = territories::table
            .filter(territories::id.eq_any(&above))
            .select((territories::id, territories::kind, territories::code, territories::name))
            .load(connection)?;
        path.sort_by_key(|place| above.iter().position(|id| *id == place.id));
        let figures = figures::latest(connection, id, on)?;
        let was_mountain_member =
            memberships.iter().any(|membership| membership.kind == "mountain_community" && membership.valid_from <= on);
        let joint_management_obligation = match figures.get(&FigureMeasure::Population) {
            Some(population) if territory.is_italian_municipality() => {
                let ever_in_the_mountains = was_mountain_member || figures::ever_mountain_member(connection, id, on)?;
                population.value.map(|people| {
                    let rule = JointManagementRule::of(people, ever_in_the_mountains);
                    let population = population.clone();
                    JointManagementObligation { is_obliged: rule.obliges(), rule, ever_in_the_mountains, population }
                })
            }
            _ => None,
        };
        let former_names = events
            .iter()
            .filter(|event| event.kind == TerritoryEventKind::Rename)
            .filter_map(|event| Some(FormerName { name: event.old_value.clone()?, valid_to: event.effective_on }));
        let mut lies_in = tree::all_above(connection, id, on)?;
        lies_in.truncate(MOST_ABOVE);
        let there = (&territory, memberships.as_slice(), lies_in.as_slice());
        Ok(Self {
            on,
            programs: ProfilePrograms::of(connection, app, id, today)?,
            providers: ProviderLandscape::of(connection, app, id, today)?,
            composition: TargetGroupComposition::of(connection, app, id, (on, now))?,
            options: ImplementationOptions::of(connection, app, there, (on, today))?,
            path,
            codes,
            former_names: former_names.collect(),
            figures: figures.into_values().collect(),
            memberships,
            events,
            joint_management_obligation,
            territory,
        })
    }
}
