//! Events of territories, as requests.

use actix_web::{get, post};
use approdo_db::schema::territory_events;
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::Validate;

use crate::access::TerritoryId;
use crate::access::caller::{Caller, actions, resources};
use crate::error::{ApiError, ApiResult};
use crate::http::path::Ids;
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfNoneMatch, Parameters, reading};
use crate::page_of;
use crate::paged_query;
use crate::territory::codes::CodeSystem;
use crate::territory::events::{
    self, Certainty, Happening, TerritoryEvent, TerritoryEventId, TerritoryEventKind, Told,
};
use crate::territory::territories::{find, lock, plain_code, tree_changed};
use crate::territory::tree;

page_of! {
    /// A page of events.
    TerritoryEventPage of TerritoryEvent
}

/// What happened to a territory. Each kind has members of its own.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "rename", "effective_on": "2024-03-01", "name": "Cividale del Friuli/Čedad", "source": "Regional law"}))]
pub struct NewTerritoryEvent {
    pub kind: TerritoryEventKind,
    /// First day on which it is so: today at the latest.
    #[serde(deserialize_with = "reading::day")]
    pub effective_on: NaiveDate,
    /// Of `merge`, `split` and `boundary`: whose the people are since.
    #[schema(nullable = false)]
    pub to_territory_id: Option<TerritoryId>,
    /// Of `split` and `boundary`: how much of its people, more than 0 and 1 at most.
    #[validate(range(exclusive_min = 0.0, max = 1.0))]
    #[schema(nullable = false, minimum = 0, maximum = 1)]
    pub share: Option<f64>,
    /// Of `rename`: what it is called since.
    #[validate(length(min = 1, max = 200))]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub name: Option<String>,
    /// Of `parent`: what it lies below since.
    #[schema(nullable = false)]
    pub parent_id: Option<TerritoryId>,
    /// Of `code`.
    #[schema(nullable = false)]
    pub code_system: Option<CodeSystem>,
    /// Of `code`: the code since.
    #[validate(length(min = 1, max = 20), custom(function = "plain_code"))]
    #[schema(nullable = false, min_length = 1, max_length = 20, pattern = "^[0-9A-Za-z._-]+$")]
    pub code: Option<String>,
    /// `stated` when absent.
    #[schema(nullable = false)]
    pub certainty: Option<Certainty>,
    /// Where that is known from.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub source: String,
}

impl Checked for NewTerritoryEvent {}

impl NewTerritoryEvent {
    /// What is to happen, and how that is known.
    fn read(self) -> ApiResult<(Happening, Told)> {
        use TerritoryEventKind as K;
        let kind = self.kind;
        let members = [
            ("to_territory_id", self.to_territory_id.is_some(), matches!(kind, K::Merge | K::Split | K::Boundary)),
            ("share", self.share.is_some(), matches!(kind, K::Split | K::Boundary)),
            ("name", self.name.is_some(), kind == K::Rename),
            ("parent_id", self.parent_id.is_some(), kind == K::Parent),
            ("code_system", self.code_system.is_some(), kind == K::Code),
            ("code", self.code.is_some(), kind == K::Code),
        ];
        if let Some((name, ..)) = members.iter().find(|(_, given, belongs)| *given && !belongs) {
            return Err(ApiError::invalid_member(name, format!("does not belong to a {kind}")));
        }
        let missing = |name: &'static str| move || ApiError::invalid_member(name, format!("belongs to a {kind}"));
        let to = self.to_territory_id.ok_or_else(missing("to_territory_id"));
        let happening = match kind {
            K::Merge => Happening::Merge(to?),
            K::Split | K::Boundary => Happening::Part { to: to?, share: self.share, kind },
            K::Rename => Happening::Rename(self.name.ok_or_else(missing("name"))?),
            K::Parent => Happening::Parent(self.parent_id.ok_or_else(missing("parent_id"))?),
            K::Code => Happening::Code(
                self.code_system.ok_or_else(missing("code_system"))?,
                self.code.ok_or_else(missing("code"))?,
            ),
        };
        let certainty = self.certainty.unwrap_or(Certainty::Stated);
        Ok((happening, Told { on: self.effective_on, certainty, source: self.source }))
    }
}

paged_query! {
    /// How to list events.
    TerritoryEventQuery {}
}

/// List a territory's events.
///
/// What happened to it, and what gave it people of another one, oldest first.
#[utoipa::path(
    tag = "Territory",
    params(("territory_id" = TerritoryId, Path, description = "The territory."), TerritoryEventQuery),
    responses((status = 200, description = "A page.", body = TerritoryEventPage))
)]
#[get("/territories/{territory_id}/events")]
pub async fn list_territory_events(
    door: Door,
    caller: Caller<actions::Read, resources::Territories>,
    id: Id<TerritoryId>,
    query: Parameters<TerritoryEventQuery>,
) -> ApiResult<Answer> {
    use territory_events as t;
    door.read("list_territory_events", caller, move |reader| {
        find(reader.connection, id.0)?.ok_or_else(ApiError::not_found)?;
        let parameters = query.read()?;
        let request = reader.page(&query, parameters.limit, parameters.cursor.as_deref());
        let mut list = t::table
            .filter(t::from_territory_id.eq(id.0).or(t::to_territory_id.eq(id.0)))
            .order((t::effective_on, t::id))
            .limit(request.limit() + 1)
            .into_boxed();
        if let Some((on, event)) = request.after::<(NaiveDate, TerritoryEventId)>()? {
            list = list.filter(t::effective_on.gt(on).or(t::effective_on.eq(on).and(t::id.gt(event))));
        }
        let rows: Vec<TerritoryEvent> = list.load(reader.connection)?;
        let page = request.page(rows, |row: &TerritoryEvent| (row.effective_on, row.id))?;
        Answer::ok(&TerritoryEventPage::from(page))
    })
    .await
}

/// Let something happen to a territory.
///
/// A merge ends it; what is renamed, moved or given another code stays the same territory. What is known of the past stays: nothing can
/// happen before something later of its kind, nor in the future.
#[utoipa::path(
    tag = "Territory",
    params(("territory_id" = TerritoryId, Path, description = "The territory it happened to.")),
    request_body = NewTerritoryEvent,
    responses((status = 201, description = "The event.", body = TerritoryEvent))
)]
#[post("/territories/{territory_id}/events")]
pub async fn create_territory_event(
    door: Door,
    caller: Caller<actions::Edit, resources::Territories>,
    id: Id<TerritoryId>,
    body: Body<NewTerritoryEvent>,
) -> ApiResult<Answer> {
    door.write("create_territory_event", caller, Some(body.fingerprint()), move |unit| {
        tree::lock(unit.connection)?;
        let mut territory = lock(unit.connection, id.0)?;
        let (happening, told) = body.read()?.read()?;
        let event = TerritoryEventId::new();
        let event = match unit.replay(event.0)? {
            Some(earlier) => TerritoryEventId(earlier),
            None => {
                let moves = happening.kind() == TerritoryEventKind::Parent;
                events::happen(unit, event, &mut territory, happening, told)?;
                if moves {
                    tree_changed(unit)?;
                }
                event
            }
        };
        let row: TerritoryEvent = territory_events::table.find(event).first(unit.connection)?;
        unit.created(&format!("/territories/{}/events/{event}", row.from_territory_id), 1, &row)
    })
    .await
}

/// Read an event.
///
/// Found under either of its territories.
#[utoipa::path(
    tag = "Territory",
    params(
        ("territory_id" = TerritoryId, Path, description = "A territory it happened to."),
        ("event_id" = TerritoryEventId, Path, description = "The event."),
    ),
    responses((status = 200, description = "The event.", body = TerritoryEvent))
)]
#[get("/territories/{territory_id}/events/{event_id}")]
pub async fn read_territory_event(
    door: Door,
    caller: Caller<actions::Read, resources::Territories>,
    ids: Ids<TerritoryId, TerritoryEventId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_territory_event", caller, move |reader| {
        let row: TerritoryEvent = territory_events::table.find(ids.1).first(reader.connection)?;
        if row.from_territory_id != ids.0 && row.to_territory_id != ids.0 {
            return Err(ApiError::not_found());
        }
        // Events are never edited.
        reader.answer_row(1, &held, &Fields::default(), "", &row)
    })
    .await
}
