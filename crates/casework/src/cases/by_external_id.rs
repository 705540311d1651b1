//! Cases by what another system calls them: read, and opened or edited in one request.

use actix_web::{get, put};

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::cases::handlers::{beginning, open, revise};
use crate::cases::queries;
use crate::cases::types::{Case, CaseId, CasePatch, CaseRow, NewCase};
use crate::error::{ApiError, ApiResult};
use crate::external_ids::{self, ExternalId, ForeignKey, ForeignKeyPath, Kind};
use crate::http::{Answer, Body, Door, Fields, IfMatch, IfNoneMatch, Patch};
use crate::work::Unit;

/// Read a case by external id.
///
/// 404 where no case in your scope is called so there.
#[utoipa::path(
    tag = "Cases",
    params(ForeignKeyPath),
    responses((status = 200, description = "The case.", body = Case))
)]
#[get("/cases/by-external-id/{system}/{value}")]
pub async fn read_case_by_external_id(
    door: Door,
    caller: Caller<actions::Read, resources::Cases>,
    key: ForeignKey,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_case_by_external_id", caller, move |reader| {
        let app = reader.app;
        let id = key.find(reader, app, Kind::Case)?.ok_or_else(ApiError::not_found)?;
        let row = queries::find(reader, CaseId(id))?;
        reader.rights.require_on(Action::Read, Resource::Cases, &row)?;
        reader.shows(Resource::Cases, [id]);
        let case = Case::shown(row, &reader.rights);
        reader.answer_row(case.version, &held, &Fields::default(), "", &case)
    })
    .await
}

/// Open or edit a case by external id.
///
/// 201 where no case is called so yet, else 200. On a case that is there, members that are absent keep their value; the person
/// must be its own, and a day of opening that is sent the one it has. `If-Match` is optional, and 412 where no case is there. A
/// case beyond your scope is 404.
#[utoipa::path(
    tag = "Cases",
    params(ForeignKeyPath),
    request_body = NewCase,
    responses(
        (status = 200, description = "The case as it is now.", body = Case),
        (status = 201, description = "The case, opened.", body = Case),
    )
)]
#[put("/cases/by-external-id/{system}/{value}")]
pub async fn upsert_case_by_external_id(
    door: Door,
    caller: Caller<actions::Edit, resources::Cases>,
    key: ForeignKey,
    if_match: IfMatch,
    body: Body<NewCase>,
) -> ApiResult<Answer> {
    door.write("upsert_case_by_external_id", caller, None, move |unit| {
        let app = unit.app;
        if let Some(id) = key.find(unit, app, Kind::Case)? {
            return update(unit, CaseId(id), &key, &if_match, &body);
        }
        let new = body.read()?;
        let beginning = beginning(unit, &new)?;
        if_match.check_absent()?;
        let id = CaseId::new();
        if key.claim(unit, Kind::Case, id.0)? {
            let external_ids = external_ids::with(new.external_ids.clone(), &key.0);
            let (row, warnings) = open(unit, id, &beginning, NewCase { external_ids, ..new })?;
            let (version, path) = (row.version, format!("/cases/{}", row.id));
            let case = Case { warnings, ..Case::shown(row, &unit.rights) };
            return unit.created(&path, version, &case);
        }
        let made = key.find(unit, app, Kind::Case)?.ok_or_else(|| ApiError::conflict("try again").retry_after(1))?;
        update(unit, CaseId(made), &key, &if_match, &body)
    })
    .await
}

fn update(
    unit: &mut Unit<'_>,
    id: CaseId,
    key: &ForeignKey,
    if_match: &IfMatch,
    body: &Body<NewCase>,
) -> ApiResult<Answer> {
    let mut row = queries::lock(unit, id)?;
    unit.rights.require_on(Action::Edit, Resource::Cases, &row)?;
    unit.shows(Resource::Cases, [row.id.0]);
    let new = body.read()?;
    if_match.check_if_sent(row.version)?;
    if new.person_id != row.person_id {
        return Err(ApiError::invalid_member("person_id", "is not the case's"));
    }
    if new.opened_on.is_some_and(|day| day != row.opened_on) {
        return Err(ApiError::invalid_member("opened_on", "is not the case's"));
    }
    let patch = told(new, &row, &key.0);
    revise(unit, &mut row, patch)?;
    let version = row.version;
    let case = Case::shown(row, &unit.rights);
    unit.edited(version, &case)
}

/// What the other system tells of a case as a patch: it is silent on what is absent.
fn told(new: NewCase, row: &CaseRow, key: &ExternalId) -> CasePatch {
    let mut ids = external_ids::of(&row.external_ids);
    ids.extend(external_ids::with(new.external_ids, key));
    CasePatch {
        target_group: Patch::Set(new.target_group),
        priority: new.priority.into(),
        access_level: new.access_level.into(),
        case_manager_id: new.case_manager_id.into(),
        legal_basis: new.legal_basis.into(),
        summary: new.summary.into(),
        territory_id: Patch::Keep,
        external_ids: Patch::Set(ids),
        household_id: new.household_id.into(),
        arrived_on: new.arrived_on.into(),
    }
}
