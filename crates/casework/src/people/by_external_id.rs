//! People by what another system calls them: read, and made or rectified in one request.

use actix_web::{get, put};

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::error::{ApiError, ApiResult};
use crate::external_ids::{self, ExternalId, ForeignKey, ForeignKeyPath, Kind};
use crate::http::{Answer, Body, Door, Fields, IfMatch, IfNoneMatch, Patch};
use crate::people::handlers::{rectify, register, require_place};
use crate::people::queries;
use crate::people::relation_rows::lock_around;
use crate::people::requests::{NewPerson, PersonPatch};
use crate::people::types::{Person, PersonId, PersonRow};
use crate::work::Unit;

/// Read a person by external id.
///
/// 404 where nobody in your scope is called so there.
#[utoipa::path(
    tag = "People",
    params(ForeignKeyPath),
    responses((status = 200, description = "The person.", body = Person))
)]
#[get("/people/by-external-id/{system}/{value}")]
pub async fn read_person_by_external_id(
    door: Door,
    caller: Caller<actions::Read, resources::People>,
    key: ForeignKey,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_person_by_external_id", caller, move |reader| {
        let app = reader.app;
        let id = key.find(reader, app, Kind::Person)?.ok_or_else(ApiError::not_found)?;
        let row = queries::find(reader, PersonId(id))?;
        let place = row.place();
        reader.rights.require_at(Action::Read, Resource::People, &place)?;
        reader.shows(Resource::People, [id]);
        let person = Person::shown(row, reader.rights.fields_at(&place));
        reader.answer_row(person.version, &held, &Fields::default(), "", &person)
    })
    .await
}

/// Register or rectify a person by external id.
///
/// 201 where nobody is called so yet, else 200. On a person who is there, members that are absent keep their value, as empty lists
/// do; the owner must be theirs, and another territory moves them there. `If-Match` is optional, and 412 where nobody is there. A
/// person beyond your scope is 404, so that an id given away twice is seen to be taken, and nothing else.
#[utoipa::path(
    tag = "People",
    params(ForeignKeyPath),
    request_body = NewPerson,
    responses(
        (status = 200, description = "The person as it is now.", body = Person),
        (status = 201, description = "The person, registered.", body = Person),
    )
)]
#[put("/people/by-external-id/{system}/{value}")]
pub async fn upsert_person_by_external_id(
    door: Door,
    caller: Caller<actions::Edit, resources::People>,
    key: ForeignKey,
    if_match: IfMatch,
    body: Body<NewPerson>,
) -> ApiResult<Answer> {
    door.write("upsert_person_by_external_id", caller, None, move |unit| {
        let app = unit.app;
        if let Some(id) = key.find(unit, app, Kind::Person)? {
            return update(unit, PersonId(id), &key, &if_match, &body);
        }
        let new = body.read()?;
        require_place(unit, Resource::People, new.owner_org_id, new.territory_id, new.target_group.as_deref())?;
        if_match.check_absent()?;
        let id = PersonId::new();
        if key.claim(unit, Kind::Person, id.0)? {
            let external_ids = external_ids::with(new.external_ids.clone(), &key.0);
            let row = register(unit, id, NewPerson { external_ids, ..new })?;
            let (version, path) = (row.version, format!("/people/{}", row.id));
            let fields = unit.rights.fields_at(&row.place());
            return unit.created(&path, version, &Person::shown(row, fields));
        }
        let made = key.find(unit, app, Kind::Person)?.ok_or_else(|| ApiError::conflict("try again").retry_after(1))?;
        update(unit, PersonId(made), &key, &if_match, &body)
    })
    .await
}

fn update(
    unit: &mut Unit<'_>,
    id: PersonId,
    key: &ForeignKey,
    if_match: &IfMatch,
    body: &Body<NewPerson>,
) -> ApiResult<Answer> {
    let mut row = lock_around(unit, id)?;
    unit.rights.require_on(Action::Edit, Resource::People, &row)?;
    unit.shows(Resource::People, [row.id.0]);
    let new = body.read()?;
    if_match.check_if_sent(row.version)?;
    if new.owner_org_id != row.owner_org_id {
        return Err(ApiError::invalid_member("owner_org_id", "is not the person's"));
    }
    let patch = told(new, &row, &key.0);
    rectify(unit, &mut row, patch)?;
    let (version, place) = (row.version, row.place());
    let person = Person::shown(row, unit.rights.fields_at(&place));
    unit.edited(version, &person)
}

/// What the other system tells of a person as a patch: it is silent on what is absent.
fn told(new: NewPerson, row: &PersonRow, key: &ExternalId) -> PersonPatch {
    let list = |items: Vec<String>| if items.is_empty() { Patch::Keep } else { Patch::Set(items) };
    let mut ids = external_ids::of(&row.external_ids);
    ids.extend(external_ids::with(new.external_ids, key));
    PersonPatch {
        territory_id: Patch::Set(new.territory_id),
        target_group: new.target_group.into(),
        given_name: Patch::Set(new.given_name),
        family_name: Patch::Set(new.family_name),
        given_name_latin: new.given_name_latin.into(),
        family_name_latin: new.family_name_latin.into(),
        date_of_birth: new.date_of_birth.into(),
        sex: new.sex.into(),
        tax_code: new.tax_code.into(),
        email: new.email.into(),
        phone: new.phone.into(),
        citizenships: list(new.citizenships),
        languages: list(new.languages),
        interpreter_needed: new.interpreter_needed.into(),
        interpreter_language: new.interpreter_language.into(),
        health_needs: new.health_needs.into(),
        notes: new.notes.into(),
        external_ids: Patch::Set(ids),
    }
}
