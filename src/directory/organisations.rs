//! Organisations and their tree.

use actix_web::{get, patch, post};
use approdo_db::schema::{organisation_ancestors, organisations};
use approdo_db::{Connection, Timestamp};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, OrganisationId, Resource, queries};
use crate::codes;
use crate::error::{ApiError, ApiResult};
use crate::http::patch::Edit;
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters, Patch};
use crate::page_of;
use crate::paged_query;
use crate::work::{Change, Operation, Unit};

/// A body that takes part: a municipality, a union, a prefecture, an association …
#[derive(Debug, Clone, Queryable, Insertable, Serialize, ToSchema)]
#[diesel(table_name = organisations, treat_none_as_default_value = false)]
pub struct Organisation {
    pub id: OrganisationId,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// A code of `organisation_kinds`.
    #[schema(max_length = 40)]
    pub kind: String,
    /// The organisation above it; absent for the root.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub parent_id: Option<OrganisationId>,
    /// Code of the Italian Index of Public Administrations.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 20)]
    pub ipa_code: Option<String>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Whether somebody else than its author must approve a plan before a case becomes active (domain 3).
    pub plan_approval_required: bool,
}

impl Organisation {
    /// A row that has just been made.
    pub fn new(now: Timestamp, name: String, kind: String, parent_id: Option<OrganisationId>) -> Self {
        let id = OrganisationId::new();
        Self {
            id,
            name,
            kind,
            parent_id,
            ipa_code: None,
            version: 1,
            created_at: now,
            updated_at: now,
            plan_approval_required: false,
        }
    }
}

page_of! {
    /// A page of organisations.
    OrganisationPage of Organisation
}

/// An organisation to add below another.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Comune di Cividale del Friuli", "kind": "municipality", "parent_id": "01985b2e-0000-7000-8000-000000000001"}))]
pub struct NewOrganisation {
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// A code of `organisation_kinds`.
    #[validate(length(min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40)]
    pub kind: String,
    /// The organisation above it: one that you administer.
    pub parent_id: OrganisationId,
    /// Code of the Italian Index of Public Administrations.
    #[validate(length(min = 1, max = 20))]
    #[schema(nullable = false, min_length = 1, max_length = 20)]
    pub ipa_code: Option<String>,
    /// Whether plans of its cases need an approval.
    #[serde(default)]
    pub plan_approval_required: bool,
}

impl Checked for NewOrganisation {}

/// What of an organisation can be edited.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Comune di Cividale"}))]
pub struct OrganisationPatch {
    #[schema(required = false, value_type = String, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub name: Patch<String>,
    /// A code of `organisation_kinds`.
    #[schema(required = false, value_type = String, min_length = 1, max_length = 40)]
    #[serde(default)]
    pub kind: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 20)]
    #[serde(default)]
    pub ipa_code: Patch<String>,
    #[schema(required = false, value_type = bool)]
    #[serde(default)]
    pub plan_approval_required: Patch<bool>,
}

impl Checked for OrganisationPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

paged_query! {
    /// How to list organisations.
    OrganisationQuery {
        /// A code of `organisation_kinds`.
        #[validate(length(max = 40))]
        #[param(max_length = 40)]
        kind: Option<String>,
        /// Organisations directly below this one.
        parent_id: Option<OrganisationId>,
    }
}

fn find(connection: &mut Connection, id: OrganisationId) -> QueryResult<Option<Organisation>> {
    organisations::table.find(id).first(connection).optional()
}

/// List organisations.
///
/// By name. Every caller may know which bodies take part.
#[utoipa::path(tag = "Directory", params(OrganisationQuery), responses((status = 200, description = "A page.", body = OrganisationPage)))]
#[get("/organisations")]
pub async fn list_organisations(
    door: Door,
    caller: Caller<actions::List, resources::Organisations>,
    query: Parameters<OrganisationQuery>,
) -> ApiResult<Answer> {
    door.read("list_organisations", caller, move |reader| {
        let parameters = query.read()?;
        let request = reader.page(&query, parameters.limit, parameters.cursor.as_deref());
        let mut list = organisations::table
            .order((organisations::name, organisations::id))
            .limit(request.limit() + 1)
            .into_boxed();
        if let Some((name, id)) = request.after::<(String, OrganisationId)>()? {
            list = list.filter(
                organisations::name.gt(name.clone()).or(organisations::name.eq(name).and(organisations::id.gt(id))),
            );
        }
        if let Some(kind) = &parameters.kind {
            list = list.filter(organisations::kind.eq(kind));
        }
        if let Some(parent) = parameters.parent_id {
            list = list.filter(organisations::parent_id.eq(parent));
        }
        let rows: Vec<Organisation> = list.load(reader.connection)?;
        Answer::ok(&OrganisationPage::from(request.page(rows, |row: &Organisation| (row.name.clone(), row.id))?))
    })
    .await
}

/// Read an organisation.
///
/// Every caller may know which bodies take part.
#[utoipa::path(
    tag = "Directory",
    params(("organisation_id" = OrganisationId, Path, description = "The organisation.")),
    responses((status = 200, description = "The organisation.", body = Organisation))
)]
#[get("/organisations/{organisation_id}")]
pub async fn read_organisation(
    door: Door,
    caller: Caller<actions::Read, resources::Organisations>,
    id: Id<OrganisationId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_organisation", caller, move |reader| {
        let organisation = find(reader.connection, id.0)?.ok_or_else(ApiError::not_found)?;
        reader.answer_row(organisation.version, &held, &Fields::default(), "", &organisation)
    })
    .await
}

/// Add an organisation.
///
/// Below one that you administer. Grants on the organisations above reach it from your next request on.
#[utoipa::path(
    tag = "Directory",
    request_body = NewOrganisation,
    responses((status = 201, description = "The organisation.", body = Organisation))
)]
#[post("/organisations")]
pub async fn create_organisation(
    door: Door,
    caller: Caller<actions::Create, resources::Organisations>,
    body: Body<NewOrganisation>,
) -> ApiResult<Answer> {
    door.write("create_organisation", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        if !unit.rights.may_in(Action::Create, Resource::Organisations, new.parent_id) {
            return Err(ApiError::unknown_reference("parent_id"));
        }
        let id = OrganisationId::new();
        let id = match unit.replay(id.0)? {
            Some(earlier) => OrganisationId(earlier),
            None => {
                codes::check(unit.app, "organisation_kinds", "kind", &new.kind)?;
                let made = Organisation::new(unit.now, new.name, new.kind, Some(new.parent_id));
                let plan_approval_required = new.plan_approval_required;
                let organisation = Organisation { id, ipa_code: new.ipa_code, plan_approval_required, ..made };
                add(unit, &organisation)?;
                id
            }
        };
        let organisation = find(unit.connection, id)?.ok_or_else(ApiError::not_found)?;
        unit.created(&format!("/organisations/{id}"), organisation.version, &organisation)
    })
    .await
}

/// Adds an organisation and its ancestors; callers whose grants reach it now read their rights again.
pub fn add(unit: &mut Unit<'_>, organisation: &Organisation) -> ApiResult<()> {
    diesel::insert_into(organisations::table).values(organisation).execute(unit.connection)?;
    let mut ancestors: Vec<OrganisationId> = match organisation.parent_id {
        Some(parent) => organisation_ancestors::table
            .filter(organisation_ancestors::organisation_id.eq(parent))
            .select(organisation_ancestors::ancestor_id)
            .load(unit.connection)?,
        None => Vec::new(),
    };
    ancestors.push(organisation.id);
    for ancestor in &ancestors {
        diesel::insert_into(organisation_ancestors::table)
            .values((
                organisation_ancestors::organisation_id.eq(organisation.id),
                organisation_ancestors::ancestor_id.eq(ancestor),
            ))
            .execute(unit.connection)?;
    }
    queries::raise_epochs_in(unit.connection, &ancestors)?;
    unit.record(Change {
        values: serde_json::to_value(organisation).map_err(ApiError::fault)?,
        ..Change::plain(
            "organisation",
            organisation.id.0,
            1,
            Operation::Created,
            &["name", "kind", "parent_id", "ipa_code", "plan_approval_required"],
        )
    })
}

/// Edit an organisation.
///
/// Its name, kind and codes. Its place in the tree stays.
#[utoipa::path(
    tag = "Directory",
    params(("organisation_id" = OrganisationId, Path, description = "The organisation.")),
    request_body(content = OrganisationPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The organisation as it is now.", body = Organisation))
)]
#[patch("/organisations/{organisation_id}")]
pub async fn edit_organisation(
    door: Door,
    caller: Caller<actions::Edit, resources::Organisations>,
    id: Id<OrganisationId>,
    if_match: IfMatch,
    body: Body<OrganisationPatch>,
) -> ApiResult<Answer> {
    door.write("edit_organisation", caller, None, move |unit| {
        let found: Option<Organisation> =
            approdo_db::first_for_update!(&mut *unit.connection, organisations::table.find(id.0)).optional()?;
        let mut organisation = found.ok_or_else(ApiError::not_found)?;
        // Everyone may know the organisation, so the refusal need not hide it.
        if !unit.rights.may_in(Action::Edit, Resource::Organisations, organisation.id) {
            return Err(ApiError::forbidden("none of your grants lets you edit this organisation"));
        }
        let patch = body.read()?;
        if_match.check(organisation.version)?;
        let mut edit = Edit::default();
        edit.bounded("name", &patch.name, 200);
        edit.bounded("ipa_code", &patch.ipa_code, 20);
        edit.required("name", &mut organisation.name, patch.name);
        edit.required("kind", &mut organisation.kind, patch.kind);
        edit.optional("ipa_code", &mut organisation.ipa_code, patch.ipa_code);
        let approval = &mut organisation.plan_approval_required;
        edit.required("plan_approval_required", approval, patch.plan_approval_required);
        let changed = edit.finish()?;
        codes::of_changed(unit.app, &changed).check("organisation_kinds", "kind", &organisation.kind)?;
        if !changed.is_empty() {
            let before = organisation.version;
            organisation.version += 1;
            organisation.updated_at = unit.now;
            Unit::updated_one(
                diesel::update(
                    organisations::table
                        .filter(organisations::id.eq(organisation.id))
                        .filter(organisations::version.eq(before)),
                )
                .set((
                    organisations::name.eq(&organisation.name),
                    organisations::kind.eq(&organisation.kind),
                    organisations::ipa_code.eq(&organisation.ipa_code),
                    organisations::plan_approval_required.eq(organisation.plan_approval_required),
                    organisations::version.eq(organisation.version),
                    organisations::updated_at.eq(organisation.updated_at),
                ))
                .execute(unit.connection)?,
            )?;
            unit.record(Change {
                values: serde_json::to_value(&organisation).map_err(ApiError::fault)?,
                ..Change::plain("organisation", organisation.id.0, organisation.version, Operation::Updated, &changed)
            })?;
        }
        unit.edited(organisation.version, &organisation)
    })
    .await
}

/// 422 where there is no such organisation.
pub fn require_organisation(connection: &mut Connection, member: &str, id: OrganisationId) -> ApiResult<()> {
    let found: i64 = organisations::table.find(id).count().get_result(connection)?;
    if found == 1 { Ok(()) } else { Err(ApiError::unknown_reference(member)) }
}
