//! Operations on organisations, and their tree.

use actix_web::{get, patch, post};
use approdo_db::schema::{organisation_ancestors, organisations};
use approdo_db::{Connection, Json};
use diesel::prelude::*;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, OrganisationId, Resource, TerritoryId, queries};
use crate::clock;
use crate::codes;
use crate::directory::organisations::{
    ListedOrganisation, NewOrganisation, Organisation, OrganisationDetails, OrganisationPage, OrganisationPatch,
    OrganisationRow, apply,
};
use crate::directory::there;
use crate::directory::translations;
use crate::entries;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Body, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters};
use crate::paged_query;
use crate::work::Unit;

const MEMBERS: [&str; 16] = [
    "name",
    "kind",
    "parent_id",
    "ipa_code",
    "plan_approval_required",
    "alternate_name",
    "description",
    "email",
    "website",
    "uri",
    "logo",
    "year_incorporated",
    "legal_status",
    "phones",
    "contacts",
    "funding",
];

paged_query! {
    /// How to list organisations.
    OrganisationQuery {
        /// A code of `organisation_kinds`.
        #[validate(length(max = 40))]
        #[param(max_length = 40)]
        kind: Option<String>,
        /// Organisations directly below this one.
        parent_id: Option<OrganisationId>,
        /// Organisations with a location in this territory or below it, or an active service at one.
        under: Option<TerritoryId>,
    }
}

/// List organisations.
///
/// By name, without what they tell of themselves. Every caller may know which bodies take part.
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
        if let Some(territory) = parameters.under {
            list = list.filter(there::organisations((territory, clock::date_of(reader.now))));
        }
        let rows: Vec<OrganisationRow> = list.load(reader.connection)?;
        let page = request.page(rows, |row: &OrganisationRow| (row.name.clone(), row.id))?;
        Answer::ok(&OrganisationPage::from(page.try_map(|row| Ok(ListedOrganisation::from(row)))?))
    })
    .await
}

/// Read an organisation.
///
/// Every caller may know which bodies take part. Texts that were reviewed in the language that `Accept-Language` prefers stand in the place
/// of the originals; `Content-Language` says so.
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
        let mut row: OrganisationRow = entries::known(reader, id.0)?;
        let told = translations::tell(reader, &mut row)?;
        Ok(told.label(reader.answer_row(
            row.version,
            &held,
            &Fields::default(),
            &told.view(),
            &Organisation::shown(row)?,
        )?))
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
        entries::require_keeper(unit, Resource::Organisations, "parent_id", new.parent_id)?;
        let id = OrganisationId::new();
        let row = match unit.replay(id.0)? {
            Some(earlier) => entries::made_before(unit, earlier)?,
            None => enter(unit, id, new)?,
        };
        let (path, version) = (format!("/organisations/{}", row.id), row.version);
        unit.created(&path, version, &Organisation::shown(row)?)
    })
    .await
}

/// Keeps a new organisation below another.
pub fn enter(unit: &mut Unit<'_>, id: OrganisationId, new: NewOrganisation) -> ApiResult<OrganisationRow> {
    codes::check(unit.app, "organisation_kinds", "kind", &new.kind)?;
    let row = OrganisationRow {
        id,
        ipa_code: new.ipa_code,
        plan_approval_required: new.plan_approval_required,
        details: Json::of(OrganisationDetails {
            alternate_name: new.alternate_name,
            description: new.description,
            email: new.email,
            website: new.website,
            uri: new.uri,
            logo: new.logo,
            year_incorporated: new.year_incorporated,
            legal_status: new.legal_status,
            phones: new.phones,
            contacts: new.contacts,
            funding: new.funding,
        }),
        ..OrganisationRow::new(unit.now, new.name, new.kind, Some(new.parent_id))
    };
    add(unit, &row)?;
    Ok(row)
}

/// Adds an organisation and its ancestors; callers whose grants reach it now read their rights again.
pub fn add(unit: &mut Unit<'_>, organisation: &OrganisationRow) -> ApiResult<()> {
    entries::add(unit, organisation, &MEMBERS)?;
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
    Ok(())
}

/// Edit an organisation.
///
/// Its name, kind and codes, and what it tells of itself. Its place in the tree stays.
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
        let mut row: OrganisationRow = entries::locked(unit, Action::Edit, Resource::Organisations, id.0)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        let changed = apply(&mut row, patch)?;
        codes::of_changed(unit.app, &changed).check("organisation_kinds", "kind", &row.kind)?;
        entries::save(unit, &mut row, &changed)?;
        unit.edited(row.version, &Organisation::shown(row)?)
    })
    .await
}

/// 422 where there is no such organisation.
pub fn require_organisation(connection: &mut Connection, member: &str, id: OrganisationId) -> ApiResult<()> {
    let found: i64 = organisations::table.find(id).count().get_result(connection)?;
    if found == 1 { Ok(()) } else { Err(ApiError::unknown_reference(member)) }
}
