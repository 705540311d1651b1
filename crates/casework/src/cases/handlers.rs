//! Operations on cases; their moves are in `transitions`.

use actix_web::{get, patch, post};
use approdo_db::{Connection, Json};
use chrono::NaiveDate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::rights::Confinement;
use crate::access::{Action, FieldGroup, Place, PrincipalId, Resource, Rights, TerritoryId};
use crate::aggregate::{self, Root as _};
use crate::app::App;
use crate::attachments::types::Attachment;
use crate::cases::appointments::Appointment;
use crate::cases::assessments::AssessmentRow;
use crate::cases::embedded;
use crate::cases::goals::Goal;
use crate::cases::household_members::{self, CaseHouseholdMember};
use crate::cases::news;
use crate::cases::notes::Note;
use crate::cases::pathways::Pathway;
use crate::cases::plans::PlanRow;
use crate::cases::queries;
use crate::cases::reference;
use crate::cases::rules::{CaseStatus, Facts, UNACCOMPANIED_MINOR};
use crate::cases::tasks;
use crate::cases::types::{Case, CaseId, CasePatch, CasePlace, CaseReadQuery, CaseRow, GUARDED, MEMBERS, NewCase};
use crate::clock;
use crate::codes::{self, Codes, Requirement};
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::external_ids::{self, Kind};
use crate::http::patch::Edit;
use crate::http::{Answer, Body, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters};
use crate::offers;
use crate::people::households::{self, HouseholdId};
use crate::people::processing::Processing;
use crate::people::types::Warning;
use crate::referrals::closing;
use crate::work::{Change, Operation, Unit};

/// Open a case.
///
/// For a person in your scope; it begins as an intake, in the person's organisation and territory.
#[utoipa::path(tag = "Cases", request_body = NewCase, responses((status = 201, description = "The case.", body = Case)))]
#[post("/cases")]
pub async fn create_case(
    door: Door,
    caller: Caller<actions::Create, resources::Cases>,
    body: Body<NewCase>,
) -> ApiResult<Answer> {
    door.write("create_case", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        let beginning = beginning(unit, &new)?;
        let id = CaseId::new();
        let (row, place, warnings) = match unit.replay(id.0)? {
            Some(earlier) => {
                let row = queries::find(unit, CaseId(earlier))?;
                let place = row.place();
                (row, place, Vec::new())
            }
            None => {
                let (row, warnings) = open(unit, id, &beginning, new)?;
                // Whoever opens a case for a colleague's eyes alone is answered once, and shown what is not confined.
                let place = Place { confinement: Confinement::Open, ..row.place() };
                (row, place, warnings)
            }
        };
        unit.rights.require_at(Action::Create, Resource::Cases, &place)?;
        unit.shows(Resource::Cases, [row.id.0]);
        let (version, path) = (row.version, format!("/cases/{}", row.id));
        let mut case = Case::shown(row, &unit.rights);
        case.warnings = warnings;
        unit.created(&path, version, &case)
    })
    .await
}

/// What a new case begins from.
pub struct Beginning {
    /// Where it will be: with its person.
    place: Place,
    territory: TerritoryId,
    /// Where the person's open cases are.
    others: Vec<Place>,
}

/// Where a new case begins: with its person, who must be in the caller's scope.
pub fn beginning(unit: &mut Unit<'_>, new: &NewCase) -> ApiResult<Beginning> {
    let unknown = || ApiError::unknown_reference("person_id");
    let (mut person, mut others) = (None, Vec::new());
    for (place, other) in queries::place_of_person(unit, new.person_id)? {
        person = Some((place.processing, place.territory_id, place.place()));
        others.extend(other.map(CasePlace::place));
    }
    let (processing, territory, person) =
        person.filter(|(processing, ..)| *processing != Processing::Erased).ok_or_else(unknown)?;
    let place = Place { target_group: Some(new.target_group.clone()), ..person.clone() };
    let may = |place: &Place| unit.rights.may_at(Action::Create, Resource::Cases, place);
    // A person without a target group is in reach of whoever may open cases of the group named.
    let in_reach = person.target_group.is_none() || may(&person);
    if !(in_reach && may(&place)) {
        return Err(unknown());
    }
    processing.require_workable()?;
    Ok(Beginning { place, territory, others })
}

/// Keeps a new case; used by the demonstration data as well.
pub fn open(
    unit: &mut Unit<'_>,
    id: CaseId,
    beginning: &Beginning,
    new: NewCase,
) -> ApiResult<(CaseRow, Vec<Warning>)> {
    let place = &beginning.place;
    let today = clock::date_of(unit.now);
    let opened_on = new.opened_on.unwrap_or(today);
    if opened_on > today {
        return Err(ApiError::invalid_member("opened_on", "must not be in the future"));
    }
    let mut row = CaseRow {
        id,
        public_ref: reference::new()?,
        person_id: new.person_id,
        owner_org_id: place.owner_org,
        territory_id: beginning.territory,
        target_group: new.target_group,
        status: CaseStatus::Intake,
        held_status: None,
        review_at: None,
        priority: new.priority.unwrap_or_else(|| "normal".into()),
        access_level: new.access_level.unwrap_or_else(|| "open".into()),
        case_manager_id: new.case_manager_id,
        legal_basis: new.legal_basis,
        summary: new.summary,
        episode_no: 1,
        opened_on,
        closed_on: None,
        closing_reason: None,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
        processing: Processing::Normal,
        external_ids: Json::of(external_ids::checked(unit.app, new.external_ids)?),
        household_id: new.household_id,
        arrived_on: new.arrived_on,
    };
    check_codes(codes::of_new(unit.app), &row)?;
    let fields = unit.rights.fields_at(place);
    if row.summary.is_some() && !fields.writes(FieldGroup::Notes) {
        return Err(ApiError::forbidden("your grants do not let you write summary"));
    }
    if let Some(manager) = row.case_manager_id {
        check_manager(unit, manager, &row.place())?;
    }
    check_household(unit, row.household_id)?;
    let seen = beginning.others.iter().any(|other| unit.rights.may_at(Action::Read, Resource::Cases, other));
    let warnings = seen.then(|| Warning {
        code: "open_case_exists",
        pointer: Some("#/person_id"),
        detail: "this person has an open case already".into(),
    });
    let changed: Vec<_> = MEMBERS.iter().copied().filter(|name| *name != "id").collect();
    external_ids::give(unit, Kind::Case, row.id.0, &external_ids::of(&row.external_ids))?;
    let mut tries = 0;
    while !unit.keep(queries::insert(&row), change(&row, None, Operation::Created, changed.clone())?)? {
        tries += 1;
        if tries > 5 {
            return Err(ApiError::fault("no free public reference was found"));
        }
        row.public_ref = reference::new()?;
    }
    Ok((row, warnings.into_iter().collect()))
}

pub fn check_codes(codes: Codes<'_>, row: &CaseRow) -> ApiResult<()> {
    codes.check("target_groups", "target_group", &row.target_group)?;
    codes.check("case_priorities", "priority", &row.priority)?;
    codes.check("access_levels", "access_level", &row.access_level)?;
    codes.check_optional("legal_bases", "legal_basis", row.legal_basis.as_deref())?;
    // Confined to its manager, a case without one would be in nobody's sight.
    if row.case_manager_id.is_none() && matches!(row.access_level.as_str(), "protected" | "closed") {
        return Err(ApiError::invalid_member("case_manager_id", "is required for this access_level"));
    }
    Ok(())
}

/// 422 unless the user is active and could manage a case at this place.
pub fn check_manager(unit: &mut Unit<'_>, manager: PrincipalId, place: &Place) -> ApiResult<()> {
    let open = Place { confinement: Confinement::Open, ..place.clone() };
    let rights = Rights::of(unit.connection, manager)?;
    if rights.is_some_and(|rights| rights.may_at(Action::Transition, Resource::Cases, &open)) {
        Ok(())
    } else {
        Err(ApiError::unknown_reference("case_manager_id"))
    }
}

/// 422 unless the user may work on what belongs to this case.
pub fn check_colleague(
    unit: &mut Unit<'_>,
    resource: Resource,
    colleague: PrincipalId,
    case: &CaseRow,
    member: &str,
) -> ApiResult<()> {
    if works_on(unit, resource, colleague, case)? { Ok(()) } else { Err(ApiError::unknown_reference(member)) }
}

/// Whether the user may work on what belongs to this case.
pub fn works_on(unit: &mut Unit<'_>, resource: Resource, colleague: PrincipalId, case: &CaseRow) -> ApiResult<bool> {
    let rights = Rights::of(unit.connection, colleague)?;
    Ok(rights.is_some_and(|rights| rights.may_at(Action::Edit, resource, &case.place())))
}

/// 422 unless the household is in the caller's scope.
fn check_household(unit: &mut Unit<'_>, household: Option<HouseholdId>) -> ApiResult<()> {
    let Some(id) = household else { return Ok(()) };
    let known = households::known(unit, id)?;
    if known.is_some_and(|row| unit.rights.may_at(Action::Read, Resource::Households, &row.place())) {
        Ok(())
    } else {
        Err(ApiError::unknown_reference("household_id"))
    }
}

/// What the change and history records of a case say.
pub fn change(
    row: &CaseRow,
    before: Option<Place>,
    operation: Operation,
    changed: Vec<&'static str>,
) -> ApiResult<Change> {
    Ok(Change {
        resource: "case",
        id: row.id.0,
        version: row.version,
        operation,
        changed,
        place: Some(row.place()),
        before,
        audience: None,
        about: Some(row.person_id.0),
        values: Some(Json::try_of(row).map_err(ApiError::fault)?),
    })
}

/// Read a case.
///
/// With what your grants show of it; `withheld_fields` names the rest. The read is recorded.
#[utoipa::path(
    tag = "Cases",
    params(("case_id" = CaseId, Path, description = "The case."), CaseReadQuery),
    responses((status = 200, description = "The case.", body = Case))
)]
#[get("/cases/{case_id}")]
pub async fn read_case(
    door: Door,
    caller: Caller<actions::Read, resources::Cases>,
    id: Id<CaseId>,
    held: IfNoneMatch,
    query: Parameters<CaseReadQuery>,
) -> ApiResult<Answer> {
    door.read("read_case", caller, move |reader| {
        let row = queries::find(reader, id.0)?;
        reader.rights.require_on(Action::Read, Resource::Cases, &row)?;
        let parameters = query.read()?;
        let fields = Fields::parse(parameters.fields.as_deref(), &MEMBERS)?;
        let embed = parameters.embed.unwrap_or_default();
        let embedded = embedded::of(reader, &row, &embed)?;
        reader.shows(Resource::Cases, [row.id.0]);
        let mut case = Case::shown(row, &reader.rights);
        // Children have versions of their own: what embeds them is never answered by 304.
        let held = if embedded.is_some() { IfNoneMatch::of(None) } else { held.clone() };
        case.embedded = embedded;
        reader.answer_row(case.version, &held, &fields, &embed, &case)
    })
    .await
}

/// 409 where no work on the case may go on.
pub fn refuse_unless_open(case: &CaseRow) -> ApiResult<()> {
    if case.status.is_open() {
        Ok(())
    } else {
        Err(ApiError::unmet(vec![UnmetGuard::new("case_open", "the case is closed or declined: reopen it first")]))
    }
}

/// What the guards look at, as it is now.
pub fn facts(connection: &mut Connection, app: &App, row: &CaseRow, today: NaiveDate) -> ApiResult<Facts> {
    Ok(facts_of(app, row, today, queries::counts(connection, row, today)?))
}

/// The same from what the database told.
pub fn facts_of(app: &App, row: &CaseRow, today: NaiveDate, counts: queries::Counts) -> Facts {
    let lacking = app.codes.requirements(&row.target_group).into_iter().filter(|required| match required {
        Requirement::ArrivedOn => row.arrived_on.is_none(),
        Requirement::Citizenships => is_empty(&counts.citizenships),
        Requirement::DateOfBirth => counts.date_of_birth.is_none(),
        Requirement::LegalStatus => counts.legal_statuses == 0,
        Requirement::Languages => is_empty(&counts.languages),
    });
    let of_age = counts.date_of_birth.and_then(clock::of_age_on);
    Facts {
        has_manager: row.case_manager_id.is_some(),
        has_legal_basis: row.legal_basis.is_some(),
        has_consent: counts.consents > 0,
        lacking: lacking.collect(),
        open_tasks: counts.open_tasks,
        completed_assessments: counts.completed_assessments,
        open_goals: counts.open_goals,
        live_referrals: counts.live_referrals,
        agreed_plans: counts.agreed_plans,
        plans_in_force: counts.plans_in_force,
        is_unaccompanied_minor: row.target_group == UNACCOMPANIED_MINOR && of_age.is_none_or(|of_age| today < of_age),
        guardians: counts.guardians,
        plans_for_coming_of_age: counts.plans_for_coming_of_age,
    }
}

fn is_empty(list: &Json) -> bool {
    list.value().as_array().is_none_or(Vec::is_empty)
}

/// Edit a case.
///
/// Its status moves by transitions only. Members your grants do not let you write are refused with 403.
#[utoipa::path(
    tag = "Cases",
    params(("case_id" = CaseId, Path, description = "The case.")),
    request_body(content = CasePatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The case as it is now.", body = Case))
)]
#[patch("/cases/{case_id}")]
pub async fn edit_case(
    door: Door,
    caller: Caller<actions::Edit, resources::Cases>,
    id: Id<CaseId>,
    if_match: IfMatch,
    body: Body<CasePatch>,
) -> ApiResult<Answer> {
    door.write("edit_case", caller, None, move |unit| {
        let mut row = queries::lock(unit, id.0)?;
        unit.rights.require_on(Action::Edit, Resource::Cases, &row)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        unit.shows(Resource::Cases, [row.id.0]);
        revise(unit, &mut row, patch)?;
        let version = row.version;
        let case = Case::shown(row, &unit.rights);
        unit.edited(version, &case)
    })
    .await
}

/// Edits a locked case.
pub fn revise(unit: &mut Unit<'_>, row: &mut CaseRow, patch: CasePatch) -> ApiResult<()> {
    row.require_workable()?;
    let before = row.place();
    let changed = apply(unit, row, patch)?;
    let fields = unit.rights.fields_at(&before);
    fields.require_writable(&GUARDED, changed.iter().copied())?;
    if changed.is_empty() {
        return Ok(());
    }
    if changed.contains(&"external_ids") {
        external_ids::keep(unit, Kind::Case, row.id.0, &external_ids::of(&row.external_ids))?;
    }
    save(unit, row, &before, changed)
}

/// Writes a locked case whose row has changed; what belongs to it is where it is.
pub fn save(unit: &mut Unit<'_>, row: &mut CaseRow, before: &Place, changed: Vec<&'static str>) -> ApiResult<()> {
    row.version += 1;
    row.updated_at = unit.now;
    let manager_changed = changed.contains(&"case_manager_id");
    unit.update(queries::update(row), change(row, Some(before.clone()), Operation::Updated, changed)?)?;
    news::of_case(unit, row)?;
    if manager_changed || row.place() != *before {
        offers::ending::follow_case(unit, row)?;
    }
    if row.place() != *before {
        tasks::follow_case(unit, row, before)?;
        aggregate::follow::<Note>(unit, row, before)?;
        aggregate::follow::<Attachment>(unit, row, before)?;
        aggregate::follow::<AssessmentRow>(unit, row, before)?;
        aggregate::follow::<Goal>(unit, row, before)?;
        aggregate::follow::<PlanRow>(unit, row, before)?;
        aggregate::follow::<CaseHouseholdMember>(unit, row, before)?;
        aggregate::follow::<Appointment>(unit, row, before)?;
        aggregate::follow::<Pathway>(unit, row, before)?;
        closing::follow_case(unit, row, before)?;
    }
    Ok(())
}

fn apply(unit: &mut Unit<'_>, row: &mut CaseRow, patch: CasePatch) -> ApiResult<Vec<&'static str>> {
    let mut edit = Edit::default();
    edit.bounded("summary", &patch.summary, 4000);
    edit.required("target_group", &mut row.target_group, patch.target_group);
    edit.required("priority", &mut row.priority, patch.priority);
    edit.required("access_level", &mut row.access_level, patch.access_level);
    edit.required("territory_id", &mut row.territory_id, patch.territory_id);
    edit.optional("case_manager_id", &mut row.case_manager_id, patch.case_manager_id);
    edit.optional("legal_basis", &mut row.legal_basis, patch.legal_basis);
    edit.optional("arrived_on", &mut row.arrived_on, patch.arrived_on);
    edit.optional("summary", &mut row.summary, patch.summary);
    let external_ids = patch.external_ids.try_map(|ids| external_ids::checked(unit.app, ids))?;
    edit.optional("household_id", &mut row.household_id, patch.household_id);
    edit.required("external_ids", &mut row.external_ids, external_ids.map(Json::of));
    let changed = edit.finish()?;
    check_codes(codes::of_changed(unit.app, &changed), row)?;
    unit.rights.require_kept_in_reach(Resource::Cases, &row.place(), &changed)?;
    if changed.contains(&"household_id") {
        check_household(unit, row.household_id)?;
        if household_members::covered(unit, row.id)? > 0 {
            let detail = "the case covers members of its household: take them out first";
            return Err(ApiError::unmet(vec![UnmetGuard::new("nobody_covered", detail)]));
        }
    }
    // A manager who could not work where the case goes must be replaced with the move.
    let concerns_manager = ["case_manager_id", "territory_id", "target_group"];
    if let Some(manager) = row.case_manager_id
        && changed.iter().any(|name| concerns_manager.contains(name))
    {
        check_manager(unit, manager, &row.place())?;
    }
    Ok(changed)
}
