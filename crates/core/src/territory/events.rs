//! What happens to territories: they merge, split, are renamed, change borders, province or code. Events are never edited, because
//! statistics are recast along them.

use approdo_db::schema::territory_events;
use approdo_db::{Connection, Timestamp, define_id, on_backend, text_enum};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::TerritoryId;
use crate::clock;
use crate::error::{ApiError, ApiResult};
use crate::territory::codes::{self, CodeSystem, ROWS_AT_ONCE};
use crate::territory::territories::{self, Territory};
use crate::territory::tree;
use crate::work::{Change, Operation, Unit};

/// What events are recorded as.
pub const RESOURCE: &str = "territory_event";

define_id! {
    /// The id of an event.
    #[derive(ToSchema)]
    TerritoryEventId;
}

text_enum! {
    /// What happened.
    #[derive(ToSchema)]
    TerritoryEventKind {
        /// It became part of another territory, or of a new one, and ended.
        Merge = "merge",
        /// Some of its people are another territory's now, which began with them.
        Split = "split",
        /// It is called otherwise.
        Rename = "rename",
        /// Some of its people are another territory's now, which was there before.
        Boundary = "boundary",
        /// It lies below another territory.
        Parent = "parent",
        /// It has another code.
        Code = "code",
    }

    /// How sure that is.
    #[derive(ToSchema)]
    Certainty {
        /// The source says so.
        Stated = "stated",
        /// Found by comparing sources: that it happened, or when.
        Inferred = "inferred",
    }
}

/// Something that happened to a territory.
#[derive(Debug, Clone, PartialEq, Queryable, Insertable, Serialize, ToSchema)]
#[diesel(table_name = territory_events, treat_none_as_default_value = false)]
pub struct TerritoryEvent {
    pub id: TerritoryEventId,
    pub kind: TerritoryEventKind,
    /// First day on which it is so.
    pub effective_on: NaiveDate,
    /// What it happened to.
    pub from_territory_id: TerritoryId,
    /// Whose the people are since; the same territory, where it stays one.
    pub to_territory_id: TerritoryId,
    /// How much of its people, from 0 to 1; absent where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 1)]
    pub share: Option<f64>,
    /// Of `code`: whose code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub code_system: Option<CodeSystem>,
    /// Of `rename` and `code`: the name or the code before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub old_value: Option<String>,
    /// Of `rename` and `code`: the name or the code since.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub new_value: Option<String>,
    /// Of `parent`: the territory it lay below before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub old_parent_id: Option<TerritoryId>,
    /// Of `parent`: the territory it lies below since.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub new_parent_id: Option<TerritoryId>,
    pub certainty: Certainty,
    /// Where that is known from.
    #[schema(min_length = 1, max_length = 200)]
    pub source: String,
    pub created_at: Timestamp,
}

/// What is to happen to a territory.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// All of its people are another territory's.
    Merge(TerritoryId),
    /// Some of its people are another territory's: whose, how many, and whether that one began with them.
    Part {
        to: TerritoryId,
        share: Option<f64>,
        kind: TerritoryEventKind,
    },
    Rename(String),
    Parent(TerritoryId),
    Code(CodeSystem, String),
}

impl Happening {
    pub fn kind(&self) -> TerritoryEventKind {
        match self {
            Self::Merge(_) => TerritoryEventKind::Merge,
            Self::Part { kind, .. } => *kind,
            Self::Rename(_) => TerritoryEventKind::Rename,
            Self::Parent(_) => TerritoryEventKind::Parent,
            Self::Code(..) => TerritoryEventKind::Code,
        }
    }
}

/// When it happened, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub on: NaiveDate,
    pub certainty: Certainty,
    pub source: String,
}

/// Lets something happen to a territory, and keeps that it did. Whoever lets the last thing happen resolves the grants anew
/// (`tree_changed`) where a place in the tree was among them.
///
/// # Errors
/// 422 where it lies outside the time of the territories or in the future, 409 where something later of its kind is known:
/// what is known of the past stays.
pub fn happen(
    unit: &mut Unit<'_>,
    id: TerritoryEventId,
    territory: &mut Territory,
    happening: Happening,
    told: Told,
) -> ApiResult<TerritoryEvent> {
    let on = told.on;
    if on > clock::date_of(unit.now) {
        return Err(ApiError::invalid_member("effective_on", "lies in the future"));
    }
    // It ends by a merger or by parting with all; nothing else happens to it on that day.
    let at_its_end = matches!(happening, Happening::Merge(_) | Happening::Part { .. });
    let over = territory.valid_to.is_some_and(|end| on > end || on == end && !at_its_end);
    if on <= territory.valid_from || over {
        return Err(ApiError::invalid_member("effective_on", "lies outside the time of the territory"));
    }
    let mut event = TerritoryEvent {
        id,
        kind: happening.kind(),
        effective_on: on,
        from_territory_id: territory.id,
        to_territory_id: territory.id,
        share: None,
        code_system: None,
        old_value: None,
        new_value: None,
        old_parent_id: None,
        new_parent_id: None,
        certainty: told.certainty,
        source: told.source,
        created_at: unit.now,
    };
    match happening {
        Happening::Merge(to) => {
            receiver(unit.connection, territory.id, to, on)?;
            require_enough(unit.connection, territory.id, on, Some(1.0))?;
            require_latest(unit.connection, territory.id, TerritoryEventKind::Merge, territory.valid_from)?;
            territories::end(unit, territory, Some(on))?;
            (event.to_territory_id, event.share) = (to, Some(1.0));
            territories::save(unit, territory, &["valid_to"])?;
        }
        Happening::Part { to, share, .. } => {
            receiver(unit.connection, territory.id, to, on)?;
            require_enough(unit.connection, territory.id, on, share)?;
            (event.to_territory_id, event.share) = (to, share);
            territories::save(unit, territory, &["events"])?;
        }
        Happening::Rename(name) => {
            require_latest(unit.connection, territory.id, TerritoryEventKind::Rename, on)?;
            event.old_value = Some(std::mem::replace(&mut territory.name, name.clone()));
            event.new_value = Some(name);
            territories::save(unit, territory, &["name"])?;
        }
        Happening::Parent(parent) => {
            territories::find(unit.connection, parent)?.ok_or_else(|| ApiError::unknown_reference("parent_id"))?;
            tree::moved(unit.connection, territory, parent, on)?;
            event.old_parent_id = territory.parent_id.replace(parent);
            event.new_parent_id = Some(parent);
            territories::save(unit, territory, &["parent_id"])?;
        }
        Happening::Code(system, code) => {
            event.old_value = codes::change(unit, territory, (system, &code), on, &event.source)?;
            event.code_system = Some(system);
            event.new_value = Some(code.clone());
            if territory.code_system == system.as_str() {
                territory.code = code;
            }
            territories::save(unit, territory, &["code"])?;
        }
    }
    keep(unit, &event)?;
    Ok(event)
}

/// Writes an event.
fn keep(unit: &mut Unit<'_>, event: &TerritoryEvent) -> ApiResult<()> {
    insert(unit.connection, std::slice::from_ref(event))?;
    unit.record(Change::plain(RESOURCE, event.id.0, 1, Operation::Created, &["kind", "effective_on"]))
}

fn insert(connection: &mut Connection, rows: &[TerritoryEvent]) -> QueryResult<()> {
    for some in rows.chunks(ROWS_AT_ONCE) {
        on_backend!(&mut *connection, c => diesel::insert_into(territory_events::table).values(some).execute(c))?;
    }
    Ok(())
}

/// The territory that gets the people: another one, there on that day.
fn receiver(connection: &mut Connection, from: TerritoryId, to: TerritoryId, on: NaiveDate) -> ApiResult<()> {
    let receiver = territories::find(connection, to)?.ok_or_else(|| ApiError::unknown_reference("to_territory_id"))?;
    if receiver.id == from {
        return Err(ApiError::invalid_member("to_territory_id", "must be another territory"));
    }
    if receiver.valid_from > on || receiver.valid_to.is_some_and(|end| end <= on) {
        return Err(ApiError::invalid_member("to_territory_id", "does not exist on that day"));
    }
    Ok(())
}

/// What a territory gives away on a day is all of it at most.
fn require_enough(connection: &mut Connection, from: TerritoryId, on: NaiveDate, share: Option<f64>) -> ApiResult<()> {
    use territory_events as t;
    let given: Vec<Option<f64>> = t::table
        .filter(t::from_territory_id.eq(from))
        .filter(t::effective_on.eq(on))
        .select(t::share)
        .load(connection)?;
    // A millionth is what adding up thirds may bring about.
    if given.into_iter().flatten().sum::<f64>() + share.unwrap_or(0.0) > 1.000_001 {
        return Err(ApiError::conflict("the shares of that day would be more than all of it"));
    }
    Ok(())
}

fn require_latest(
    connection: &mut Connection,
    territory: TerritoryId,
    kind: TerritoryEventKind,
    on: NaiveDate,
) -> ApiResult<()> {
    use territory_events as t;
    let late: i64 = t::table
        .filter(t::from_territory_id.eq(territory))
        .filter(t::kind.eq(kind))
        .filter(t::effective_on.ge(on))
        .count()
        .get_result(connection)?;
    if late > 0 {
        return Err(ApiError::conflict("something later of this kind is known of it"));
    }
    Ok(())
}
