//! Territories.

use actix_web::{get, patch, post};
use approdo_db::schema::territories;
use approdo_db::{Connection, Json, Timestamp};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{TerritoryId, scope};
use crate::clock;
use crate::codes;
use crate::error::{ApiError, ApiResult};
use crate::http::forms::{country_code, wrong};
use crate::http::patch::Edit;
use crate::http::{Answer, Body, Checked, Door, Fields, Format, Id, IfMatch, IfNoneMatch, Parameters, Patch, reading};
use crate::page_of;
use crate::paged_query;
use crate::territory::codes::{self as territory_codes, CodeSystem, TerritoryCode};
use crate::territory::geojson::TerritoryFeatures;
use crate::territory::tree::{self, TerritoryParent};
use crate::work::{Change, Operation, Unit};

/// A territory: a country, region, province, municipality, district, union, convention or mountain community.
#[derive(Debug, Clone, Queryable, Insertable, Serialize, ToSchema)]
#[diesel(table_name = territories, treat_none_as_default_value = false)]
pub struct Territory {
    pub id: TerritoryId,
    /// A code of `territory_kinds`.
    #[schema(max_length = 40)]
    pub kind: String,
    /// Whose codes: `istat`, `ags`, `iso3166`, `ipa` or `own`.
    #[schema(max_length = 20)]
    pub code_system: String,
    /// What it is mainly called by now; all its codes are below it. Always text: ISTAT region 2 digits, province 3, municipality 6; AGS 2 to 8 digits. Leading zeros count.
    #[schema(max_length = 20, example = "030129")]
    pub code: String,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// ISO 3166-1 alpha-2.
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$")]
    pub country_code: String,
    /// The territory above it; absent for a country and for what lies beside the tree (unions and the like).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub parent_id: Option<TerritoryId>,
    /// First day it exists.
    pub valid_from: NaiveDate,
    /// First day it no longer exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub valid_to: Option<NaiveDate>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

page_of! {
    /// A page of territories.
    TerritoryPage of Territory
}

impl Territory {
    pub fn is_italian_municipality(&self) -> bool {
        self.kind == "municipality" && self.country_code == "IT"
    }
}

/// A territory to add.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "municipality", "code_system": "istat", "code": "030026", "name": "Cividale del Friuli", "country_code": "IT", "valid_from": "1970-01-01"}))]
pub struct NewTerritory {
    /// A code of `territory_kinds`.
    #[validate(length(min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40)]
    pub kind: String,
    /// `istat`, `ags`, `iso3166`, `ipa` or `own`.
    #[validate(custom(function = "known_code_system"))]
    #[schema(max_length = 20, pattern = "^(istat|ags|iso3166|ipa|own)$")]
    pub code_system: String,
    #[validate(length(min = 1, max = 20), custom(function = "plain_code"))]
    #[schema(min_length = 1, max_length = 20, pattern = "^[0-9A-Za-z._-]+$")]
    pub code: String,
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// ISO 3166-1 alpha-2.
    #[validate(custom(function = "country_code"))]
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$")]
    pub country_code: String,
    #[schema(nullable = false)]
    pub parent_id: Option<TerritoryId>,
    #[serde(deserialize_with = "reading::day")]
    pub valid_from: NaiveDate,
    /// First day it no longer exists.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub valid_to: Option<NaiveDate>,
    /// Where its code is known from.
    #[validate(length(min = 1, max = 200))]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub source: Option<String>,
}

/// What changes of territories are recorded as.
pub const RESOURCE: &str = "territory";

/// The source of what nobody gave one for.
const AS_ENTERED: &str = "the territory as it was entered";

impl Checked for NewTerritory {}

fn known_code_system(text: &str) -> Result<(), validator::ValidationError> {
    match text {
        "istat" | "ags" | "iso3166" | "ipa" | "own" => Ok(()),
        _ => Err(wrong("must be istat, ags, iso3166, ipa or own")),
    }
}

/// Letters, digits and `._-`.
pub fn plain_code(text: &str) -> Result<(), validator::ValidationError> {
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)) {
        Ok(())
    } else {
        Err(wrong("may hold letters, digits and ._- only"))
    }
}

/// What of a territory can be edited.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Cividale del Friuli/Čedad"}))]
pub struct TerritoryPatch {
    #[schema(required = false, value_type = String, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub name: Patch<String>,
    /// First day it no longer exists.
    #[schema(required = false, value_type = Option<NaiveDate>)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub valid_to: Patch<NaiveDate>,
}

impl Checked for TerritoryPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

paged_query! {
    /// How to list territories.
    TerritoryQuery {
        /// A code of `territory_kinds`.
        #[validate(length(max = 40))]
        #[param(max_length = 40)]
        kind: Option<String>,
        /// Territories directly below this one.
        parent_id: Option<TerritoryId>,
        /// Of `code`: `istat`, `istat_uts`, `belfiore`, `sigla`, `nuts3`, `itter107`, `ags`, `iso3166`, `ipa` or `own`.
        #[validate(length(max = 20))]
        #[param(max_length = 20)]
        code_system: Option<String>,
        /// A code it has or had, exactly.
        #[validate(length(max = 20))]
        #[param(max_length = 20)]
        code: Option<String>,
    }
}

/// A territory by its id.
pub fn find(connection: &mut Connection, id: TerritoryId) -> QueryResult<Option<Territory>> {
    territories::table.find(id).first(connection).optional()
}

/// List territories.
///
/// By name. Every caller may know them. With `Accept: application/geo+json` as points: those of the page that have one.
#[utoipa::path(
    tag = "Territory",
    params(TerritoryQuery),
    responses((
        status = 200,
        description = "A page.",
        content((TerritoryPage = "application/json"), (TerritoryFeatures = "application/geo+json"))
    ))
)]
#[get("/territories")]
pub async fn list_territories(
    door: Door,
    caller: Caller<actions::List, resources::Territories>,
    query: Parameters<TerritoryQuery>,
) -> ApiResult<Answer> {
    use approdo_db::schema::territory_codes as c;
    let (form, desk) = (door.fit(&[Format::Json, Format::GeoJson]), door.desk("list_territories", &caller));
    let is_map = form.as_ref().is_ok_and(|format| *format == Format::GeoJson);
    desk.read(form.map(drop), move |reader| {
        let parameters = query.read()?;
        let request = reader.page(&query, parameters.limit, parameters.cursor.as_deref());
        let mut list =
            territories::table.order((territories::name, territories::id)).limit(request.limit() + 1).into_boxed();
        if let Some((name, id)) = request.after::<(String, TerritoryId)>()? {
            list = list
                .filter(territories::name.gt(name.clone()).or(territories::name.eq(name).and(territories::id.gt(id))));
        }
        if let Some(kind) = &parameters.kind {
            list = list.filter(territories::kind.eq(kind));
        }
        if let Some(parent) = parameters.parent_id {
            list = list.filter(territories::parent_id.eq(parent));
        }
        match (&parameters.code_system, &parameters.code) {
            (None, None) => {}
            (Some(system), None) => list = list.filter(territories::code_system.eq(system)),
            (None, Some(code)) => {
                let holders = c::table.filter(c::code.eq(code)).select(c::territory_id);
                list = list.filter(territories::id.eq_any(holders));
            }
            (Some(system), Some(code)) => {
                let holders = c::table.filter(c::code_system.eq(system)).filter(c::code.eq(code));
                list = list.filter(territories::id.eq_any(holders.select(c::territory_id)));
            }
        }
        let rows: Vec<Territory> = list.load(reader.connection)?;
        let page = TerritoryPage::from(request.page(rows, |row: &Territory| (row.name.clone(), row.id))?);
        if is_map {
            let features = TerritoryFeatures::of(reader.connection, page)?;
            let text = serde_json::to_string(&features).map_err(ApiError::fault)?;
            return Ok(Answer::text(Format::GeoJson.content_type(), text));
        }
        Answer::ok(&page)
    })
    .await
}

/// Read a territory.
///
/// Every caller may know it.
#[utoipa::path(
    tag = "Territory",
    params(("territory_id" = TerritoryId, Path, description = "The territory.")),
    responses((status = 200, description = "The territory.", body = Territory))
)]
#[get("/territories/{territory_id}")]
pub async fn read_territory(
    door: Door,
    caller: Caller<actions::Read, resources::Territories>,
    id: Id<TerritoryId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_territory", caller, move |reader| {
        let territory = find(reader.connection, id.0)?.ok_or_else(ApiError::not_found)?;
        reader.answer_row(territory.version, &held, &Fields::default(), "", &territory)
    })
    .await
}

/// Add a territory.
///
/// Grants on the territories above reach it at once.
#[utoipa::path(
    tag = "Territory",
    request_body = NewTerritory,
    responses((status = 201, description = "The territory.", body = Territory))
)]
#[post("/territories")]
pub async fn create_territory(
    door: Door,
    caller: Caller<actions::Create, resources::Territories>,
    body: Body<NewTerritory>,
) -> ApiResult<Answer> {
    door.write("create_territory", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        let id = TerritoryId::new();
        let id = match unit.replay(id.0)? {
            Some(earlier) => TerritoryId(earlier),
            None => {
                add_checked(unit, id, new)?;
                id
            }
        };
        let territory = find(unit.connection, id)?.ok_or_else(ApiError::not_found)?;
        unit.created(&format!("/territories/{id}"), territory.version, &territory)
    })
    .await
}

fn add_checked(unit: &mut Unit<'_>, id: TerritoryId, new: NewTerritory) -> ApiResult<()> {
    codes::check(unit.app, "territory_kinds", "kind", &new.kind)?;
    if new.valid_to.is_some_and(|end| end <= new.valid_from) {
        return Err(ApiError::invalid_member("valid_to", "must be after valid_from"));
    }
    if let Some(parent) = new.parent_id {
        find(unit.connection, parent)?.ok_or_else(|| ApiError::unknown_reference("parent_id"))?;
    }
    territory_codes::require_free(unit.connection, &new.code_system, &new.code, new.valid_from, new.valid_to)?;
    add(
        unit,
        &Territory {
            id,
            kind: new.kind,
            code_system: new.code_system,
            code: new.code,
            name: new.name,
            country_code: new.country_code,
            parent_id: new.parent_id,
            valid_from: new.valid_from,
            valid_to: new.valid_to,
            version: 1,
            created_at: unit.now,
            updated_at: unit.now,
        },
        &new.source.unwrap_or_else(|| AS_ENTERED.to_owned()),
    )?;
    tree_changed(unit)
}

/// Adds a territory, with its code and its place in the tree. Whoever adds the last one resolves the grants anew (`tree_changed`).
pub fn add(unit: &mut Unit<'_>, territory: &Territory, source: &str) -> ApiResult<()> {
    if let Some(parent) = territory.parent_id {
        tree::require_room(unit.connection, parent, territory.valid_from)?;
    }
    diesel::insert_into(territories::table).values(territory).execute(unit.connection)?;
    if let Some(code_system) = CodeSystem::parse(&territory.code_system) {
        let code = TerritoryCode {
            territory_id: territory.id,
            code_system,
            code: territory.code.clone(),
            valid_from: territory.valid_from,
            valid_to: territory.valid_to,
            source: source.to_owned(),
            created_at: unit.now,
        };
        territory_codes::insert(unit.connection, &[code])?;
    }
    if let Some(parent_id) = territory.parent_id {
        let (valid_from, valid_to) = (territory.valid_from, territory.valid_to);
        tree::insert(
            unit.connection,
            &[TerritoryParent { territory_id: territory.id, parent_id, valid_from, valid_to }],
        )?;
    }
    unit.record(Change {
        values: Some(Json::try_of(territory).map_err(ApiError::fault)?),
        ..Change::plain(RESOURCE, territory.id.0, 1, Operation::Created, &["kind", "code", "name", "parent_id"])
    })
}

/// A territory that is going to change, under its lock.
pub fn lock(connection: &mut Connection, id: TerritoryId) -> ApiResult<Territory> {
    let found: Option<Territory> =
        approdo_db::first_for_update!(&mut *connection, territories::table.find(id)).optional()?;
    found.ok_or_else(ApiError::not_found)
}

/// Lets a territory end on another day, with its codes and its place in the tree. The row itself is for whoever saves it.
pub fn end(unit: &mut Unit<'_>, territory: &mut Territory, on: Option<NaiveDate>) -> ApiResult<()> {
    territory_codes::require_none_later(unit.connection, territory.id, on)?;
    tree::require_none_later(unit.connection, territory.id, on)?;
    territory_codes::follow_end(unit.connection, territory.id, territory.valid_to, on)?;
    tree::end_with(unit.connection, territory.id, territory.valid_to, on)?;
    territory.valid_to = on;
    Ok(())
}

/// Writes a territory that has changed, or something that belongs to it.
pub fn save(unit: &mut Unit<'_>, territory: &mut Territory, changed: &[&'static str]) -> ApiResult<()> {
    let before = territory.version;
    territory.version += 1;
    territory.updated_at = unit.now;
    Unit::updated_one(
        diesel::update(
            territories::table.filter(territories::id.eq(territory.id)).filter(territories::version.eq(before)),
        )
        .set((
            territories::code.eq(&territory.code),
            territories::name.eq(&territory.name),
            territories::parent_id.eq(territory.parent_id),
            territories::valid_to.eq(territory.valid_to),
            territories::version.eq(territory.version),
            territories::updated_at.eq(territory.updated_at),
        ))
        .execute(unit.connection)?,
    )?;
    unit.record(Change {
        values: Some(Json::try_of(&*territory).map_err(ApiError::fault)?),
        ..Change::plain(RESOURCE, territory.id.0, territory.version, Operation::Updated, changed)
    })
}

/// Resolves every grant after the tree or the memberships changed, and tells the callers whose reach changed.
pub fn tree_changed(unit: &mut Unit<'_>) -> ApiResult<()> {
    for principal in scope::materialise_all(unit.connection, clock::date_of(unit.now))? {
        unit.record(Change::scope_changed(principal))?;
    }
    Ok(())
}

/// Edit a territory.
///
/// Its name where that is mistaken, and the day it ends, with its codes and its place in the tree. What happens to it is an event: another
/// name, code or place in the tree, a merger.
#[utoipa::path(
    tag = "Territory",
    params(("territory_id" = TerritoryId, Path, description = "The territory.")),
    request_body(content = TerritoryPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The territory as it is now.", body = Territory))
)]
#[patch("/territories/{territory_id}")]
pub async fn edit_territory(
    door: Door,
    caller: Caller<actions::Edit, resources::Territories>,
    id: Id<TerritoryId>,
    if_match: IfMatch,
    body: Body<TerritoryPatch>,
) -> ApiResult<Answer> {
    door.write("edit_territory", caller, None, move |unit| {
        let mut territory = lock(unit.connection, id.0)?;
        let patch = body.read()?;
        if_match.check(territory.version)?;
        let mut edit = Edit::default();
        edit.bounded("name", &patch.name, 200);
        edit.required("name", &mut territory.name, patch.name);
        let mut valid_to = territory.valid_to;
        edit.optional("valid_to", &mut valid_to, patch.valid_to);
        if valid_to.is_some_and(|end| end <= territory.valid_from) {
            edit.refuse("valid_to", "must be after valid_from");
        }
        let changed = edit.finish()?;
        if !changed.is_empty() {
            if valid_to != territory.valid_to {
                end(unit, &mut territory, valid_to)?;
            }
            save(unit, &mut territory, &changed)?;
        }
        unit.edited(territory.version, &territory)
    })
    .await
}
