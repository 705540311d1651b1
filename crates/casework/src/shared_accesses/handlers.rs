//! Operations on shared accesses: giving, reading, looking.

use actix_web::{get, post};
use approdo_db::Json;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::aggregate::Root as _;
use crate::cases::handlers::refuse_unless_open;
use crate::cases::queries as cases;
use crate::cases::types::CaseRow;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::{Answer, Body, Door, Fields, Id, IfNoneMatch};
use crate::offers::two_sided::{self, TwoSided as _};
use crate::offers::{self, Grounded as _, Offer as _, ground};
use crate::people::queries as people;
use crate::people::types::PersonRow;
use crate::shared_accesses::types::{
    NewSharedAccess, SharedAccess, SharedAccessId, SharedAccessPackage, SharedAccessRow, SharedAccessStatus,
};
use crate::work::Unit;

/// Give another body access to a case.
///
/// It reads the members you name, as they are, until the day you name, and nothing else of the case. A consent of the person to shared
/// access, or another legal basis, must cover it; a body has one access to a case at a time. 409 names every guard that is not met.
#[utoipa::path(
    tag = "Shared accesses",
    request_body = NewSharedAccess,
    responses((status = 201, description = "The shared access.", body = SharedAccess))
)]
#[post("/shared-accesses")]
pub async fn create_shared_access(
    door: Door,
    caller: Caller<actions::Create, resources::SharedAccesses>,
    body: Body<NewSharedAccess>,
) -> ApiResult<Answer> {
    door.write("create_shared_access", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        let own = own_case(unit, &new);
        let row = offers::made(unit, own, |unit, id, (case, person)| give(unit, id, &case, &person, new))?;
        let (path, version) = (format!("/shared-accesses/{}", row.id), row.version);
        let sides = two_sided::sides(&row, &unit.rights);
        unit.created(&path, version, &SharedAccess::shown(row, &sides)?)
    })
    .await
}

/// The case with its person, locked: one that the caller works with.
fn own_case(unit: &mut Unit<'_>, new: &NewSharedAccess) -> ApiResult<(CaseRow, PersonRow)> {
    let seen = ground::require_own(unit, Resource::SharedAccesses, new.case_id)?;
    // The person before the case, as everywhere: the consent is not withdrawn meanwhile.
    let person = people::lock(unit, seen.person_id).map_err(ground::unknown_case)?;
    cases::lock(unit, new.case_id).map_err(ground::unknown_case)?;
    // It may have gone meanwhile.
    Ok((ground::require_own(unit, Resource::SharedAccesses, new.case_id)?, person))
}

/// Keeps a new one; used by the demonstration data as well.
pub fn give(
    unit: &mut Unit<'_>,
    id: SharedAccessId,
    case: &CaseRow,
    person: &PersonRow,
    new: NewSharedAccess,
) -> ApiResult<SharedAccessRow> {
    case.require_workable()?;
    person.require_workable()?;
    refuse_unless_open(case)?;
    let terms = ground::Terms {
        to_org_id: new.to_org_id,
        package_fields: &new.package_fields,
        legal_basis: new.legal_basis.as_deref(),
        expires_on: Some(new.expires_on),
    };
    ground::check(unit, case, person, &terms)?;
    let mut row = SharedAccessRow {
        id,
        case_id: case.id,
        person_id: case.person_id,
        owner_org_id: case.owner_org_id,
        territory_id: case.territory_id,
        target_group: case.target_group.clone(),
        access_level: case.access_level.clone(),
        case_manager_id: case.case_manager_id,
        to_org_id: new.to_org_id,
        reason: new.reason,
        package_fields: Json::of(&new.package_fields),
        legal_basis: new.legal_basis,
        consent_id: None,
        status: SharedAccessStatus::Active,
        expires_on: new.expires_on,
        author_id: unit.rights.principal,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    for mut live in SharedAccessRow::live_of(unit, case)?.into_iter().filter(|live| live.to_org_id == row.to_org_id) {
        two_sided::settle(unit, &mut live)?;
        if live.is_live() {
            let detail = "it has access already: take that back first";
            return Err(ApiError::unmet(vec![UnmetGuard::new("no_live_access", detail)]));
        }
    }
    row.consent_id = row.basis(unit)?.map_err(ApiError::unmet)?;
    two_sided::add(unit, &row, &SharedAccessRow::MEMBERS)?;
    Ok(row)
}

/// Read a shared access.
///
/// For who works with the case, and, while it lasts, for the body that may look: each sees its own side of it.
#[utoipa::path(
    tag = "Shared accesses",
    params(("shared_access_id" = SharedAccessId, Path, description = "The shared access.")),
    responses((status = 200, description = "The shared access.", body = SharedAccess))
)]
#[get("/shared-accesses/{shared_access_id}")]
pub async fn read_shared_access(
    door: Door,
    caller: Caller<actions::Read, resources::SharedAccesses>,
    id: Id<SharedAccessId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_shared_access", caller, move |reader| {
        let row: SharedAccessRow = two_sided::find(reader, id.0)?;
        two_sided::require(&row, &reader.rights, Action::Read)?;
        reader.shows(Resource::SharedAccesses, [row.id.0]);
        let sides = two_sided::sides(&row, &reader.rights);
        let late = if row.status == SharedAccessStatus::Expired { "over" } else { "" };
        let shown = SharedAccess::shown(row, &sides)?;
        reader.answer_row(shown.version, &held, &Fields::default(), late, &shown)
    })
    .await
}

/// Look into a case by a shared access.
///
/// The members of `package_fields` as they are now. Each reading is recorded. When the access is over there is nothing (404).
#[utoipa::path(
    tag = "Shared accesses",
    params(("shared_access_id" = SharedAccessId, Path, description = "The shared access.")),
    responses((status = 200, description = "What may be read.", body = SharedAccessPackage))
)]
#[get("/shared-accesses/{shared_access_id}/package")]
pub async fn read_shared_access_package(
    door: Door,
    caller: Caller<actions::Read, resources::SharedAccessPackages>,
    id: Id<SharedAccessId>,
) -> ApiResult<Answer> {
    door.read("read_shared_access_package", caller, move |reader| {
        let row: SharedAccessRow = two_sided::find(reader, id.0)?;
        let (content, withheld_fields) = ground::package(reader, &row)?;
        Answer::ok(&SharedAccessPackage { shared_access_id: row.id, content, withheld_fields })
    })
    .await
}
