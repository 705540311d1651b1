//! Programs: what an organisation gathers services under, under the names of the Human Services Data Specification (HSDS 3.0).

use actix_web::{get, patch, post};
use approdo_db::schema::programs;
use approdo_db::{Timestamp, define_id};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, OrganisationId, Resource, TerritoryId};
use crate::clock;
use crate::directory::there;
use crate::directory::translations;
use crate::entries;
use crate::entry;
use crate::error::{ApiError, ApiResult};
use crate::http::patch::Edit;
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters, Patch};
use crate::page_of;
use crate::paged_query;
use crate::work::Unit;

define_id! {
    /// The id of a program.
    #[derive(ToSchema)]
    ProgramId;
}

/// What an organisation gathers services under.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize, ToSchema)]
#[diesel(table_name = programs, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Program {
    pub id: ProgramId,
    /// Whose program it is.
    pub organisation_id: OrganisationId,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub alternate_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 10_000)]
    pub description: Option<String>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

entry!(Program, ProgramId, programs, organisation_id, "program", Programs);

page_of! {
    /// A page of programs.
    ProgramPage of Program
}

/// A program to enter in the directory.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"organisation_id": "01985b2e-0000-7000-8000-000000000001", "name": "First steps",
    "description": "What newcomers find in their first year."}))]
pub struct NewProgram {
    /// Whose program it is: an organisation that you administer.
    pub organisation_id: OrganisationId,
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    #[validate(length(min = 1, max = 200))]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub alternate_name: Option<String>,
    #[validate(length(min = 1, max = 10_000))]
    #[schema(nullable = false, min_length = 1, max_length = 10_000)]
    pub description: Option<String>,
}

impl Checked for NewProgram {}

/// What of a program can be edited. Its organisation stays.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"alternate_name": "The first year"}))]
pub struct ProgramPatch {
    #[schema(required = false, value_type = String, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub name: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub alternate_name: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 10_000)]
    #[serde(default)]
    pub description: Patch<String>,
}

impl Checked for ProgramPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

/// Applies a patch to a locked program; the names of the members that changed.
pub fn apply(row: &mut Program, patch: ProgramPatch) -> ApiResult<Vec<&'static str>> {
    let mut edit = Edit::default();
    edit.bounded("name", &patch.name, 200);
    edit.bounded("alternate_name", &patch.alternate_name, 200);
    edit.bounded("description", &patch.description, 10_000);
    edit.required("name", &mut row.name, patch.name);
    edit.optional("alternate_name", &mut row.alternate_name, patch.alternate_name);
    edit.optional("description", &mut row.description, patch.description);
    edit.finish()
}

paged_query! {
    /// How to list programs.
    ProgramQuery {
        /// Programs of this organisation.
        organisation_id: Option<OrganisationId>,
        /// Programs with an active service at a location in this territory or below it, or without any service and of an organisation with a
        /// location there.
        under: Option<TerritoryId>,
    }
}

/// List programs.
///
/// By name. Every caller may know them.
#[utoipa::path(
    tag = "Directory",
    params(ProgramQuery),
    responses((status = 200, description = "A page.", body = ProgramPage))
)]
#[get("/programs")]
pub async fn list_programs(
    door: Door,
    caller: Caller<actions::List, resources::Programs>,
    query: Parameters<ProgramQuery>,
) -> ApiResult<Answer> {
    door.read("list_programs", caller, move |reader| {
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let mut list = programs::table.order((programs::name, programs::id)).limit(request.limit() + 1).into_boxed();
        if let Some((name, id)) = request.after::<(String, ProgramId)>()? {
            list = list.filter(programs::name.gt(name.clone()).or(programs::name.eq(name).and(programs::id.gt(id))));
        }
        if let Some(organisation) = asked.organisation_id {
            list = list.filter(programs::organisation_id.eq(organisation));
        }
        if let Some(territory) = asked.under {
            list = list.filter(there::programs((territory, clock::date_of(reader.now))));
        }
        let rows: Vec<Program> = list.load(reader.connection)?;
        Answer::ok(&ProgramPage::from(request.page(rows, |row: &Program| (row.name.clone(), row.id))?))
    })
    .await
}

/// Enter a program.
///
/// In the directory, for an organisation that you administer. Its services name it as their `program_id`.
#[utoipa::path(
    tag = "Directory",
    request_body = NewProgram,
    responses((status = 201, description = "The program.", body = Program))
)]
#[post("/programs")]
pub async fn create_program(
    door: Door,
    caller: Caller<actions::Create, resources::Programs>,
    body: Body<NewProgram>,
) -> ApiResult<Answer> {
    door.write("create_program", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        entries::require_keeper(unit, Resource::Programs, "organisation_id", new.organisation_id)?;
        let id = ProgramId::new();
        let row = match unit.replay(id.0)? {
            Some(earlier) => entries::made_before(unit, earlier)?,
            None => enter(unit, id, new)?,
        };
        unit.created(&format!("/programs/{}", row.id), row.version, &row)
    })
    .await
}

/// Keeps a new program; used by imports and the demonstration data as well.
pub fn enter(unit: &mut Unit<'_>, id: ProgramId, new: NewProgram) -> ApiResult<Program> {
    let row = Program {
        id,
        organisation_id: new.organisation_id,
        name: new.name,
        alternate_name: new.alternate_name,
        description: new.description,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    entries::add(unit, &row, &["organisation_id", "name", "alternate_name", "description"])?;
    Ok(row)
}

/// Read a program.
///
/// Every caller may know it. Texts that were reviewed in the language that `Accept-Language` prefers stand in the place of the originals;
/// `Content-Language` says so.
#[utoipa::path(
    tag = "Directory",
    params(("program_id" = ProgramId, Path, description = "The program.")),
    responses((status = 200, description = "The program.", body = Program))
)]
#[get("/programs/{program_id}")]
pub async fn read_program(
    door: Door,
    caller: Caller<actions::Read, resources::Programs>,
    id: Id<ProgramId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_program", caller, move |reader| {
        let mut row: Program = entries::known(reader, id.0)?;
        let told = translations::tell(reader, &mut row)?;
        Ok(told.label(reader.answer_row(row.version, &held, &Fields::default(), &told.view(), &row)?))
    })
    .await
}

/// Edit a program.
///
/// For all services that are part of it.
#[utoipa::path(
    tag = "Directory",
    params(("program_id" = ProgramId, Path, description = "The program.")),
    request_body(content = ProgramPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The program as it is now.", body = Program))
)]
#[patch("/programs/{program_id}")]
pub async fn edit_program(
    door: Door,
    caller: Caller<actions::Edit, resources::Programs>,
    id: Id<ProgramId>,
    if_match: IfMatch,
    body: Body<ProgramPatch>,
) -> ApiResult<Answer> {
    door.write("edit_program", caller, None, move |unit| {
        let mut row: Program = entries::locked(unit, Action::Edit, Resource::Programs, id.0)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        let changed = apply(&mut row, patch)?;
        entries::save(unit, &mut row, &changed)?;
        unit.edited(row.version, &row)
    })
    .await
}

/// 422 for a program that is not one of the service's organisation.
pub fn check_program(unit: &mut Unit<'_>, organisation: OrganisationId, program: Option<ProgramId>) -> ApiResult<()> {
    let Some(program) = program else { return Ok(()) };
    let own = programs::table.find(program).filter(programs::organisation_id.eq(organisation));
    let found: i64 = own.count().get_result(unit.connection)?;
    if found == 1 { Ok(()) } else { Err(ApiError::unknown_reference("program_id")) }
}
