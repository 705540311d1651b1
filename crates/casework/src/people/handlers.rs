//! Operations on people.

use actix_web::{get, patch, post};
use approdo_db::Json;

use crate::access::caller::{Caller, actions, resources};
use crate::access::rights::FieldRights;
use crate::access::{Action, OrganisationId, Place, Resource, TerritoryId, scope};
use crate::aggregate::{self, Root as _};
use crate::clock;
use crate::codes;
use crate::consents::expiry;
use crate::consents::types::ConsentRow;
use crate::error::{ApiError, ApiResult};
use crate::external_ids::{self, Kind};
use crate::http::forms::{country_codes, language_code, language_codes};
use crate::http::page::PageRequest;
use crate::http::patch::Edit;
use crate::http::{Answer, Body, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters, Patch};
use crate::names;
use crate::people::contacts::Contact;
use crate::people::guardianships;
use crate::people::legal_statuses::LegalStatusRow;
use crate::people::processing::Processing;
use crate::people::queries;
use crate::people::relation_rows::{self, lock_around};
use crate::people::reminders::ReminderRow;
use crate::people::requests::{NewPerson, PersonPatch, PersonReadQuery, PersonSearch, is_birth_date, latin_name};
use crate::people::types::{GUARDED, MEMBERS, Person, PersonId, PersonPage, PersonRow};
use crate::people::watches;
use crate::work::{Change, Operation, Unit};

/// Register a person.
///
/// In one of your organisations and territories. Search first: the same person registered twice helps nobody.
#[utoipa::path(
    tag = "People",
    request_body = NewPerson,
    responses((status = 201, description = "The person.", body = Person))
)]
#[post("/people")]
pub async fn create_person(
    door: Door,
    caller: Caller<actions::Create, resources::People>,
    body: Body<NewPerson>,
) -> ApiResult<Answer> {
    door.write("create_person", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        require_place(unit, Resource::People, new.owner_org_id, new.territory_id, new.target_group.as_deref())?;
        let id = PersonId::new();
        let row = match unit.replay(id.0)? {
            Some(earlier) => queries::find(unit, PersonId(earlier))?,
            None => register(unit, id, new)?,
        };
        let place = row.place();
        unit.rights.require_at(Action::Create, Resource::People, &place)?;
        unit.shows(Resource::People, [row.id.0]);
        let (version, path) = (row.version, format!("/people/{}", row.id));
        let person = Person::shown(row, unit.rights.fields_at(&place));
        unit.created(&path, version, &person)
    })
    .await
}

/// 422 where the caller may not put such a row: with the member to correct, and the same text whether it exists or not.
pub fn require_place(
    unit: &Unit<'_>,
    resource: Resource,
    owner_org: crate::access::OrganisationId,
    territory: crate::access::TerritoryId,
    target_group: Option<&str>,
) -> ApiResult<()> {
    let place = Place {
        owner_org,
        territory: Some(territory),
        target_group: target_group.map(str::to_owned),
        confinement: crate::access::rights::Confinement::Open,
    };
    if unit.rights.may_at(Action::Create, resource, &place) {
        return Ok(());
    }
    let grants = unit.rights.grants_for(Action::Create, resource);
    if !grants.iter().any(|grant| grant.organisations.contains(&owner_org)) {
        Err(ApiError::unknown_reference("owner_org_id"))
    } else if !grants
        .iter()
        .any(|grant| grant.organisations.contains(&owner_org) && grant.territories.contains(&territory))
    {
        Err(ApiError::unknown_reference("territory_id"))
    } else {
        Err(ApiError::invalid_member("target_group", "is not among those you were granted"))
    }
}

/// Keeps a new person; used by the demonstration data as well.
pub fn register(unit: &mut Unit<'_>, id: PersonId, new: NewPerson) -> ApiResult<PersonRow> {
    codes::check_optional(unit.app, "target_groups", "target_group", new.target_group.as_deref())?;
    codes::check_optional(unit.app, "sexes", "sex", new.sex.as_deref())?;
    if new.date_of_birth.is_some_and(|date| !is_birth_date(date, clock::date_of(unit.now))) {
        return Err(ApiError::invalid_member("date_of_birth", NO_BIRTH_DATE));
    }
    let row = PersonRow {
        id,
        owner_org_id: new.owner_org_id,
        territory_id: new.territory_id,
        target_group: new.target_group,
        given_name: new.given_name,
        family_name: new.family_name,
        date_of_birth: new.date_of_birth,
        sex: new.sex,
        tax_code: new.tax_code,
        email: new.email,
        phone: new.phone,
        citizenships: Json::of(new.citizenships),
        languages: Json::of(new.languages),
        health_needs: new.health_needs,
        notes: new.notes,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
        processing: Processing::Normal,
        age_band: None,
        given_name_latin: new.given_name_latin,
        family_name_latin: new.family_name_latin,
        interpreter_needed: new.interpreter_needed.unwrap_or(false),
        interpreter_language: new.interpreter_language,
        external_ids: Json::of(external_ids::checked(unit.app, new.external_ids)?),
    };
    check_interpreter(&row)?;
    let place = row.place();
    let rights = unit.rights.fields_at(&place);
    refuse_unwritable(
        rights,
        [("health_needs", row.health_needs.is_some()), ("notes", row.notes.is_some())]
            .into_iter()
            .filter(|(_, given)| *given)
            .map(|(name, _)| name),
    )?;
    if names::words(&format!("{} {}", row.given_name, row.family_name)).is_empty() {
        return Err(ApiError::invalid_member("family_name", "must hold letters"));
    }
    external_ids::give(unit, Kind::Person, row.id.0, &external_ids::of(&row.external_ids))?;
    queries::insert(unit.connection, &row)?;
    record(unit, &row, None, Operation::Created, GUARDED.iter().map(|(name, _)| *name).collect())?;
    watches::watch_coming_of_age(unit, &row)?;
    Ok(row)
}

/// 403 for members whose field group the caller may not write on this row.
fn refuse_unwritable<'a>(rights: FieldRights, names: impl Iterator<Item = &'a str>) -> ApiResult<()> {
    rights.require_writable(&GUARDED, names)
}

pub fn record(
    unit: &mut Unit<'_>,
    row: &PersonRow,
    before: Option<Place>,
    operation: Operation,
    changed: Vec<&'static str>,
) -> ApiResult<()> {
    unit.record(Change {
        resource: "person",
        id: row.id.0,
        version: row.version,
        operation,
        changed,
        place: Some(row.place()),
        before,
        audience: None,
        about: Some(row.id.0),
        values: Some(Json::try_of(row).map_err(ApiError::fault)?),
    })
}

/// Search people.
///
/// By name, in any script, within your scope. Outside it nothing is found: for some people even the existence of a file is a
/// leak. The answer is a page; read on by sending the body again with `cursor`.
#[utoipa::path(
    tag = "People",
    request_body = PersonSearch,
    responses((status = 200, description = "A page of people.", body = PersonPage))
)]
#[post("/people/searches")]
pub async fn search_people(
    door: Door,
    caller: Caller<actions::Search, resources::People>,
    body: Body<PersonSearch>,
) -> ApiResult<Answer> {
    door.read("search_people", caller, move |reader| {
        let asked = body.read()?;
        let words = names::words(&asked.name);
        if words.is_empty() {
            return Err(ApiError::invalid_member("name", "must hold letters"));
        }
        let request = PageRequest {
            limit: asked.limit,
            cursor: asked.cursor.as_deref(),
            list: format!("people?{}&{:?}", words.join("+"), asked.date_of_birth),
            principal: reader.rights.principal.0,
            keys: &reader.app.keys,
            url: reader.app.address("/people/searches"),
        };
        let search = queries::Search {
            words: &words,
            date_of_birth: asked.date_of_birth,
            after: request.after()?.unwrap_or(PersonId(uuid::Uuid::nil())),
            limit: request.limit() + 1,
        };
        let rights = reader.rights.clone();
        let grants = rights.grants_for(Action::Search, Resource::People);
        let rows = scope::merged(&grants, search.limit, |grant| queries::search(reader, grant, &search), |row| row.id)?;
        let people = rows
            .into_iter()
            .map(|row| {
                let fields = rights.fields_at(&row.place());
                Person::shown(row, fields)
            })
            .collect();
        let mut page = request.page(people, |person: &Person| person.id)?;
        // The links of a search would carry the name that was sought.
        page.links = crate::http::page::PageLinks { this: request.url.clone(), next: None };
        let page = PersonPage::from(page);
        reader.shows(Resource::People, page.items.iter().map(|person| person.id.0));
        Answer::ok(&page)
    })
    .await
}

/// Read a person.
///
/// With what your grants show of this person; `withheld_fields` names the rest. The read is recorded.
#[utoipa::path(
    tag = "People",
    params(("person_id" = PersonId, Path, description = "The person."), PersonReadQuery),
    responses((status = 200, description = "The person.", body = Person))
)]
#[get("/people/{person_id}")]
pub async fn read_person(
    door: Door,
    caller: Caller<actions::Read, resources::People>,
    id: Id<PersonId>,
    held: IfNoneMatch,
    query: Parameters<PersonReadQuery>,
) -> ApiResult<Answer> {
    door.read("read_person", caller, move |reader| {
        let row = queries::find(reader, id.0)?;
        let place = row.place();
        reader.rights.require_at(Action::Read, Resource::People, &place)?;
        let parameters = query.read()?;
        let fields = Fields::parse(parameters.fields.as_deref(), &MEMBERS)?;
        reader.shows(Resource::People, [row.id.0]);
        let person = Person::shown(row, reader.rights.fields_at(&place));
        reader.answer_row(person.version, &held, &fields, "", &person)
    })
    .await
}

/// Rectify a person's data.
///
/// GDPR art. 16: the history keeps what was. Members your grants do not let you write are refused with 403. Who has moved gets
/// another `territory_id`; the person's cases and households move by themselves. Guardianships that end on the eighteenth birthday
/// follow the date of birth; 409 where one would begin behind it.
#[utoipa::path(
    tag = "People",
    params(("person_id" = PersonId, Path, description = "The person.")),
    request_body(content = PersonPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The person as it is now.", body = Person))
)]
#[patch("/people/{person_id}")]
pub async fn edit_person(
    door: Door,
    caller: Caller<actions::Edit, resources::People>,
    id: Id<PersonId>,
    if_match: IfMatch,
    body: Body<PersonPatch>,
) -> ApiResult<Answer> {
    door.write("edit_person", caller, None, move |unit| {
        let concerns_relations = body.read().is_ok_and(|patch| patch.concerns_relations());
        let mut row = if concerns_relations { lock_around(unit, id.0)? } else { queries::lock(unit, id.0)? };
        unit.rights.require_on(Action::Edit, Resource::People, &row)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        unit.shows(Resource::People, [row.id.0]);
        rectify(unit, &mut row, patch)?;
        let (version, place) = (row.version, row.place());
        let person = Person::shown(row, unit.rights.fields_at(&place));
        unit.edited(version, &person)
    })
    .await
}

/// Rectifies a locked person's data.
pub fn rectify(unit: &mut Unit<'_>, row: &mut PersonRow, patch: PersonPatch) -> ApiResult<()> {
    row.require_workable()?;
    let (before, former_birth) = (row.place(), row.date_of_birth);
    let changed = apply(unit, row, patch)?;
    refuse_unwritable(unit.rights.fields_at(&before), changed.iter().copied())?;
    if changed.is_empty() {
        return Ok(());
    }
    let (names, ids, birth) = (
        NAMES.iter().any(|name| changed.contains(name)),
        changed.contains(&"external_ids"),
        changed.contains(&"date_of_birth"),
    );
    save(unit, row, &before, changed)?;
    if names {
        queries::unindex_names(unit.connection, row.id)?;
        queries::index_names(unit.connection, row)?;
    }
    if ids {
        external_ids::keep(unit, Kind::Person, row.id.0, &external_ids::of(&row.external_ids))?;
    }
    if birth {
        watches::watch_coming_of_age(unit, row)?;
        expiry::follow_birth(unit, row)?;
        guardianships::follow_birth(unit, row, former_birth)?;
    }
    Ok(())
}

/// Writes a locked person whose row has changed; what is theirs goes where they are.
fn save(unit: &mut Unit<'_>, row: &mut PersonRow, before: &Place, changed: Vec<&'static str>) -> ApiResult<()> {
    row.version += 1;
    row.updated_at = unit.now;
    Unit::updated_one(queries::update(unit.connection, row)?)?;
    record(unit, row, Some(before.clone()), Operation::Updated, changed)?;
    row.announce(unit)?;
    if row.place() != *before {
        aggregate::follow::<Contact>(unit, row, before)?;
        aggregate::follow::<LegalStatusRow>(unit, row, before)?;
        aggregate::follow::<ReminderRow>(unit, row, before)?;
        aggregate::follow::<ConsentRow>(unit, row, before)?;
        relation_rows::follow(unit, row, before)?;
    }
    Ok(())
}

/// Hands a locked person over to another organisation, with all that is theirs.
pub fn hand_over(
    unit: &mut Unit<'_>,
    row: &mut PersonRow,
    organisation: OrganisationId,
    territory: TerritoryId,
) -> ApiResult<()> {
    let before = row.place();
    (row.owner_org_id, row.territory_id) = (organisation, territory);
    save(unit, row, &before, vec!["owner_org_id", "territory_id"])
}

/// Members a person is found by.
const NAMES: [&str; 4] = ["given_name", "family_name", "given_name_latin", "family_name_latin"];

fn check_interpreter(row: &PersonRow) -> ApiResult<()> {
    if row.interpreter_language.is_some() && !row.interpreter_needed {
        return Err(ApiError::invalid_member("interpreter_language", "is only for who needs an interpreter"));
    }
    Ok(())
}

const NO_BIRTH_DATE: &str = "must not be in the future, nor more than 150 years ago";

fn apply(unit: &Unit<'_>, row: &mut PersonRow, patch: PersonPatch) -> ApiResult<Vec<&'static str>> {
    let mut edit = Edit::default();
    for (name, text, bounds) in [
        ("given_name", &patch.given_name, 1..=200),
        ("family_name", &patch.family_name, 1..=200),
        ("tax_code", &patch.tax_code, 1..=32),
        ("phone", &patch.phone, 3..=40),
        ("health_needs", &patch.health_needs, 1..=4000),
        ("notes", &patch.notes, 1..=4000),
    ] {
        edit.within(name, text, bounds);
    }
    edit.email("email", &patch.email);
    for (name, latin) in
        [("given_name_latin", &patch.given_name_latin), ("family_name_latin", &patch.family_name_latin)]
    {
        edit.within(name, latin, 1..=200);
        edit.checked(name, latin, latin_name);
    }
    edit.checked("interpreter_language", &patch.interpreter_language, language_code);
    if let Patch::Set(date) = &patch.date_of_birth
        && !is_birth_date(*date, clock::date_of(unit.now))
    {
        edit.refuse("date_of_birth", NO_BIRTH_DATE);
    }
    if let Patch::Set(codes) = &patch.citizenships
        && (codes.len() > 10 || country_codes(codes).is_err())
    {
        edit.refuse("citizenships", "must be at most 10 codes of ISO 3166-1 alpha-2");
    }
    if let Patch::Set(codes) = &patch.languages
        && (codes.len() > 20 || language_codes(codes).is_err())
    {
        edit.refuse("languages", "must be at most 20 codes of ISO 639-1");
    }
    edit.required("territory_id", &mut row.territory_id, patch.territory_id);
    edit.optional("target_group", &mut row.target_group, patch.target_group);
    edit.required("given_name", &mut row.given_name, patch.given_name);
    edit.required("family_name", &mut row.family_name, patch.family_name);
    edit.optional("given_name_latin", &mut row.given_name_latin, patch.given_name_latin);
    edit.optional("family_name_latin", &mut row.family_name_latin, patch.family_name_latin);
    edit.optional("date_of_birth", &mut row.date_of_birth, patch.date_of_birth);
    edit.optional("sex", &mut row.sex, patch.sex);
    edit.optional("tax_code", &mut row.tax_code, patch.tax_code);
    edit.optional("email", &mut row.email, patch.email);
    edit.optional("phone", &mut row.phone, patch.phone);
    edit.required("citizenships", &mut row.citizenships, patch.citizenships.map(Json::of));
    edit.required("languages", &mut row.languages, patch.languages.map(Json::of));
    edit.required("interpreter_needed", &mut row.interpreter_needed, patch.interpreter_needed);
    edit.optional("interpreter_language", &mut row.interpreter_language, patch.interpreter_language);
    let external_ids = patch.external_ids.try_map(|ids| external_ids::checked(unit.app, ids))?;
    edit.required("external_ids", &mut row.external_ids, external_ids.map(Json::of));
    edit.optional("health_needs", &mut row.health_needs, patch.health_needs);
    edit.optional("notes", &mut row.notes, patch.notes);
    if names::words(&format!("{} {}", row.given_name, row.family_name)).is_empty() {
        edit.refuse("family_name", "must hold letters");
    }
    let changed = edit.finish()?;
    let codes = codes::of_changed(unit.app, &changed);
    codes.check_optional("target_groups", "target_group", row.target_group.as_deref())?;
    codes.check_optional("sexes", "sex", row.sex.as_deref())?;
    check_interpreter(row)?;
    unit.rights.require_kept_in_reach(Resource::People, &row.place(), &changed)?;
    Ok(changed)
}
