//! Relations between people: family and guardianship, dated. A relation reads as a sentence, 'subject is `kind` object', and is
//! listed with both. Of the other person it says the id alone: who they are is for whoever may read them.
//!
//! A guardian need not have a record: guardians of unaccompanied minors are volunteers or officers whom the juvenile court
//! appoints (Italian law 47/2017, art. 11).

use actix_web::{delete, get, patch, post};
use approdo_db::Timestamp;
use approdo_db::schema::{organisations, relations};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, FieldGroup, OrganisationId, Resource};
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::patch::Edit;
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters, Patch, reading};
use crate::page_of;
use crate::paged_query;
use crate::people::guardianships;
use crate::people::kinship::{self, RelationKind};
use crate::people::queries;
use crate::people::relation_rows::{self as rows, Parties, RelationId, RelationRow, may_relate};
use crate::people::types::{PersonId, Warning};
use crate::work::{Operation, Unit};

/// The members a field group guards, with the group.
pub const GUARDED: [(&str, FieldGroup); 8] = [
    ("kind", FieldGroup::Identity),
    ("guardian_name", FieldGroup::Identity),
    ("guardian_organisation_id", FieldGroup::Identity),
    ("decree_reference", FieldGroup::Identity),
    ("decree_on", FieldGroup::Identity),
    ("subject_id", FieldGroup::Identity),
    ("valid_from", FieldGroup::Identity),
    ("valid_to", FieldGroup::Identity),
];

/// A relation between two people, or of a person with a guardian who has no record.
#[derive(Debug, Serialize, ToSchema)]
pub struct Relation {
    pub id: RelationId,
    pub kind: RelationKind,
    /// Who is `kind` the object. Absent for a guardian without a record.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub subject_id: Option<PersonId>,
    /// Of whom.
    pub object_id: PersonId,
    /// A guardian without a record.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub guardian_name: Option<String>,
    /// The organisation whose officer the guardian is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub guardian_organisation_id: Option<OrganisationId>,
    /// The court's decree that appoints the guardian, as the court numbers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 100)]
    pub decree_reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub decree_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub valid_from: Option<NaiveDate>,
    /// The first day it holds no more; absent while no end is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub valid_to: Option<NaiveDate>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// What to look at; nothing is blocked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, max_items = 20)]
    pub warnings: Vec<Warning>,
}

impl Relation {
    fn shown(row: RelationRow, warnings: Vec<Warning>) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            subject_id: row.subject_id,
            object_id: row.object_id,
            guardian_name: row.guardian_name,
            guardian_organisation_id: row.guardian_organisation_id,
            decree_reference: row.decree_reference,
            decree_on: row.decree_on,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            warnings,
        }
    }
}

page_of! {
    /// A page of relations.
    RelationPage of Relation
}

/// A relation to record. Name the other person as subject or as object; the person in the path takes the other part.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "guardian_of", "guardian_name": "Avv. Chiara Bassi", "decree_reference": "R.G. 1204/2026", "decree_on": "2008-10-02",
    "valid_from": "2008-10-02"
}))]
pub struct NewRelation {
    pub kind: RelationKind,
    /// The other person, where the person in the path is the object.
    #[schema(nullable = false)]
    pub subject_id: Option<PersonId>,
    /// The other person, where the person in the path is the subject.
    #[schema(nullable = false)]
    pub object_id: Option<PersonId>,
    /// A guardian without a record, where the person in the path is the ward.
    #[validate(length(min = 1, max = 200))]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub guardian_name: Option<String>,
    /// The organisation whose officer the guardian is.
    #[schema(nullable = false)]
    pub guardian_organisation_id: Option<OrganisationId>,
    /// The court's decree that appoints the guardian, as the court numbers it.
    #[validate(length(min = 1, max = 100))]
    #[schema(nullable = false, min_length = 1, max_length = 100)]
    pub decree_reference: Option<String>,
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub decree_on: Option<NaiveDate>,
    /// Required for a guardian.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub valid_from: Option<NaiveDate>,
    /// The first day it holds no more.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub valid_to: Option<NaiveDate>,
}

impl Checked for NewRelation {}

/// What of a relation can be edited. Its people and kind stay: delete it and record another one.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"valid_to": "2009-04-23"}))]
pub struct RelationPatch {
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub guardian_name: Patch<String>,
    #[schema(required = false, value_type = Option<OrganisationId>)]
    #[serde(default)]
    pub guardian_organisation_id: Patch<OrganisationId>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 100)]
    #[serde(default)]
    pub decree_reference: Patch<String>,
    #[schema(required = false, value_type = Option<NaiveDate>)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub decree_on: Patch<NaiveDate>,
    #[schema(required = false, value_type = Option<NaiveDate>)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub valid_from: Patch<NaiveDate>,
    #[schema(required = false, value_type = Option<NaiveDate>)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub valid_to: Patch<NaiveDate>,
}

impl Checked for RelationPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

paged_query! {
    /// How to list a person's relations.
    RelationQuery {}
}

/// List a person's relations.
///
/// Oldest first, from either side: the person is the subject of some and the object of others.
#[utoipa::path(
    tag = "People",
    params(("person_id" = PersonId, Path, description = "The person."), RelationQuery),
    responses((status = 200, description = "A page.", body = RelationPage))
)]
#[get("/people/{person_id}/relations")]
pub async fn list_relations(
    door: Door,
    caller: Caller<actions::List, resources::Relations>,
    id: Id<PersonId>,
    query: Parameters<RelationQuery>,
) -> ApiResult<Answer> {
    door.read("list_relations", caller, move |reader| {
        let person = queries::find(reader, id.0)?;
        reader.rights.require_on(Action::List, Resource::Relations, &person)?;
        let parameters = query.read()?;
        let request = reader.page(&query, parameters.limit, parameters.cursor.as_deref());
        let after = request.after()?.unwrap_or(RelationId(uuid::Uuid::nil()));
        let known = reader.rights.fields_at(&person.place()).reads(FieldGroup::Identity);
        let limit = if known { request.limit() + 1 } else { 0 };
        let rows = rows::of_person(reader.connection, person.id, after, limit)?;
        reader.shows(Resource::People, [person.id.0]);
        let page = request.page(rows, |row: &RelationRow| row.id)?;
        Answer::ok(&RelationPage::from(page.try_map(|row| Ok(Relation::shown(row, Vec::new())))?))
    })
    .await
}

/// Record a relation of a person.
///
/// With another person of your scope, or with a guardian who has no record. Circles, twins, guardians under age and wards of
/// age are 409; ages that are not known are told in `warnings`. A guardianship ends with the ward's eighteenth birthday at the latest
/// (Italian civil code, art. 2 and 343; law 47/2017): that day is its `valid_to` where none is given, and a later one is 422.
#[utoipa::path(
    tag = "People",
    params(("person_id" = PersonId, Path, description = "The person.")),
    request_body = NewRelation,
    responses((status = 201, description = "The relation.", body = Relation))
)]
#[post("/people/{person_id}/relations")]
pub async fn create_relation(
    door: Door,
    caller: Caller<actions::Create, resources::Relations>,
    id: Id<PersonId>,
    body: Body<NewRelation>,
) -> ApiResult<Answer> {
    door.write("create_relation", caller, Some(body.fingerprint()), move |unit| {
        let person = queries::find(unit, id.0)?;
        unit.rights.require_on(Action::Create, Resource::Relations, &person)?;
        unit.shows(Resource::People, [person.id.0]);
        let new = body.read()?;
        let id = RelationId::new();
        let (row, warnings) = match unit.replay(id.0)? {
            Some(earlier) => (relations::table.find(RelationId(earlier)).first(unit.connection)?, Vec::new()),
            None => add(unit, id, person.id, new)?,
        };
        let (path, version) = (format!("/relations/{}", row.id), row.version);
        unit.created(&path, version, &Relation::shown(row, warnings))
    })
    .await
}

/// Records a relation of a person in the caller's scope.
pub fn add(
    unit: &mut Unit<'_>,
    id: RelationId,
    person: PersonId,
    new: NewRelation,
) -> ApiResult<(RelationRow, Vec<Warning>)> {
    let (subject_id, object_id, pointer) = match (new.subject_id, new.object_id) {
        (Some(_), Some(_)) => {
            return Err(ApiError::invalid_member("object_id", "name the other person once: as subject or as object"));
        }
        (Some(other), None) => (Some(other), person, "subject_id"),
        (None, Some(other)) => (Some(person), other, "object_id"),
        (None, None) if new.kind == RelationKind::GuardianOf => (None, person, "subject_id"),
        (None, None) => return Err(ApiError::invalid_member("subject_id", "name the other person")),
    };
    if subject_id == Some(object_id) {
        return Err(ApiError::invalid_member(pointer, "nobody is related to themselves"));
    }
    let mut row = RelationRow {
        id,
        kind: new.kind,
        subject_id,
        object_id,
        guardian_name: new.guardian_name,
        guardian_organisation_id: new.guardian_organisation_id,
        decree_reference: new.decree_reference,
        decree_on: new.decree_on,
        valid_from: new.valid_from,
        valid_to: new.valid_to,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    let unknown = || ApiError::unknown_reference(pointer);
    let parties = rows::lock(unit, subject_id, object_id)?.ok_or_else(unknown)?;
    let (own, other): (Vec<_>, Vec<_>) =
        parties.subject.iter().chain([&parties.object]).partition(|row| row.id == person);
    if other.iter().any(|other| !may_relate(&unit.rights, Action::Create, other)) {
        return Err(unknown());
    }
    if own.iter().any(|own| !may_relate(&unit.rights, Action::Create, own)) {
        return Err(ApiError::forbidden("your grants do not let you write relations of this person"));
    }
    parties.require_workable()?;
    check(unit, &row)?;
    row.valid_to = guardianships::end(row.kind, &parties.object, row.valid_to)?;
    let circle = circle(unit, &row)?;
    let warnings = fit_in(unit, &row, &parties, circle)?;
    diesel::insert_into(relations::table).values(&row).execute(unit.connection)?;
    let members = [
        "kind",
        "subject_id",
        "object_id",
        "guardian_name",
        "guardian_organisation_id",
        "decree_reference",
        "decree_on",
        "valid_from",
        "valid_to",
    ];
    rows::record(unit, &row, &parties, Operation::Created, &members)?;
    Ok((row, warnings))
}

/// What a row must be by itself.
fn check(unit: &mut Unit<'_>, row: &RelationRow) -> ApiResult<()> {
    let refuse = |pointer: &str, detail: &str| Err(ApiError::invalid_member(pointer, detail));
    if row.valid_to.is_some_and(|end| row.valid_from.is_some_and(|begin| end <= begin)) {
        return refuse("valid_to", "must be after valid_from");
    }
    if row.kind != RelationKind::GuardianOf {
        for (member, given) in [
            ("guardian_name", row.guardian_name.is_some()),
            ("guardian_organisation_id", row.guardian_organisation_id.is_some()),
            ("decree_reference", row.decree_reference.is_some()),
            ("decree_on", row.decree_on.is_some()),
        ] {
            if given {
                return refuse(member, "is of guardians alone");
            }
        }
        return Ok(());
    }
    if row.valid_from.is_none() {
        return refuse("valid_from", "is required for a guardian");
    }
    if row.subject_id.is_some() == row.guardian_name.is_some() {
        return refuse("guardian_name", "a guardian is a person with a record, or has a name: one of the two");
    }
    if let Some(id) = row.guardian_organisation_id {
        let known: i64 = organisations::table.filter(organisations::id.eq(id)).count().get_result(unit.connection)?;
        if known == 0 {
            return Err(ApiError::unknown_reference("guardian_organisation_id"));
        }
    }
    Ok(())
}

/// What a new relation would be the last piece of.
fn circle(unit: &mut Unit<'_>, row: &RelationRow) -> ApiResult<Option<UnmetGuard>> {
    let Some(subject) = row.subject_id.filter(|_| row.kind.is_acyclic()) else { return Ok(None) };
    rows::lock_circle(unit.connection, row.kind, subject, row.object_id)?;
    let below = rows::leading_on(unit.connection, row.kind, row.object_id)?;
    let closes = kinship::closes_circle(&below, (subject, row.object_id));
    Ok(closes.then(|| UnmetGuard::new("no_circle", "the relation would lead back to where it began")))
}

/// 409 with everything that stands in the way; else what to look at.
fn fit_in(
    unit: &mut Unit<'_>,
    row: &RelationRow,
    parties: &Parties,
    circle: Option<UnmetGuard>,
) -> ApiResult<Vec<Warning>> {
    let (mut unmet, mut warnings) = (Vec::from_iter(circle), Vec::new());
    let others = rows::of_person(unit.connection, row.object_id, RelationId(uuid::Uuid::nil()), i64::MAX)?;
    let twin = |other: &RelationRow| row.subject_id.is_some() && other.id != row.id && row.is_twin(other);
    if others.iter().any(|other| twin(other) && other.period().overlaps(row.period())) {
        unmet.push(UnmetGuard::new("no_twin", "the same relation is recorded for this time already"));
    }
    let birth_of_subject = parties.subject.as_ref().map(|person| person.date_of_birth);
    let birth_of_object = parties.object.date_of_birth;
    match (row.kind, row.valid_from) {
        (RelationKind::GuardianOf, Some(on)) => {
            let (guards, told) = kinship::guardianship(birth_of_subject, birth_of_object, on);
            unmet.extend(guards);
            warnings.extend(told);
        }
        (RelationKind::ParentOf, _) => {
            warnings.extend(kinship::parentage(birth_of_subject.flatten(), birth_of_object));
        }
        _ => {}
    }
    if unmet.is_empty() { Ok(warnings) } else { Err(ApiError::unmet(unmet)) }
}

/// Read a relation.
///
/// In sight of whoever may see either person.
#[utoipa::path(
    tag = "People",
    params(("relation_id" = RelationId, Path, description = "The relation.")),
    responses((status = 200, description = "The relation.", body = Relation))
)]
#[get("/relations/{relation_id}")]
pub async fn read_relation(
    door: Door,
    caller: Caller<actions::Read, resources::Relations>,
    id: Id<RelationId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_relation", caller, move |reader| {
        let (row, parties) = rows::with_parties(reader, id.0)?;
        parties.require_in_sight(&reader.rights, Action::Read)?;
        reader.shows(Resource::People, row.subject_id.into_iter().chain([row.object_id]).map(|id| id.0));
        let relation = Relation::shown(row, Vec::new());
        reader.answer_row(relation.version, &held, &Fields::default(), "", &relation)
    })
    .await
}

/// Edit a relation.
///
/// Of two people in your scope. What it said before stays in the history. A guardianship ends with the ward's eighteenth birthday at
/// the latest, also where `valid_to` is removed.
#[utoipa::path(
    tag = "People",
    params(("relation_id" = RelationId, Path, description = "The relation.")),
    request_body(content = RelationPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The relation as it is now.", body = Relation))
)]
#[patch("/relations/{relation_id}")]
pub async fn edit_relation(
    door: Door,
    caller: Caller<actions::Edit, resources::Relations>,
    id: Id<RelationId>,
    if_match: IfMatch,
    body: Body<RelationPatch>,
) -> ApiResult<Answer> {
    door.write("edit_relation", caller, None, move |unit| {
        let (mut row, parties) = rows::locked(unit, id.0)?;
        unit.shows(Resource::People, parties.each().map(|person| person.id.0));
        parties.require_writable(&unit.rights, Action::Edit)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        let mut edit = Edit::default();
        edit.bounded("guardian_name", &patch.guardian_name, 200);
        edit.bounded("decree_reference", &patch.decree_reference, 100);
        edit.optional("guardian_name", &mut row.guardian_name, patch.guardian_name);
        edit.optional("guardian_organisation_id", &mut row.guardian_organisation_id, patch.guardian_organisation_id);
        edit.optional("decree_reference", &mut row.decree_reference, patch.decree_reference);
        edit.optional("decree_on", &mut row.decree_on, patch.decree_on);
        edit.optional("valid_from", &mut row.valid_from, patch.valid_from);
        let end = guardianships::end(row.kind, &parties.object, patch.valid_to.over(row.valid_to))?;
        edit.optional("valid_to", &mut row.valid_to, end.map_or(Patch::Remove, Patch::Set));
        let changed = edit.finish()?;
        check(unit, &row)?;
        let warnings = fit_in(unit, &row, &parties, None)?;
        if !changed.is_empty() {
            rows::save(unit, &mut row, &parties, &changed)?;
        }
        unit.edited(row.version, &Relation::shown(row, warnings))
    })
    .await
}

/// Delete a relation.
///
/// One that never was: what has ended gets a `valid_to`. Of two people in your scope.
#[utoipa::path(
    tag = "People",
    params(("relation_id" = RelationId, Path, description = "The relation.")),
    responses((status = 204, description = "It is gone."))
)]
#[delete("/relations/{relation_id}")]
pub async fn delete_relation(
    door: Door,
    caller: Caller<actions::Delete, resources::Relations>,
    id: Id<RelationId>,
    if_match: IfMatch,
) -> ApiResult<Answer> {
    door.write("delete_relation", caller, None, move |unit| {
        let (row, parties) = rows::locked(unit, id.0)?;
        parties.require_writable(&unit.rights, Action::Delete)?;
        if_match.check(row.version)?;
        diesel::delete(relations::table.find(row.id)).execute(unit.connection)?;
        let gone = RelationRow { version: row.version + 1, ..row };
        rows::record(unit, &gone, &parties, Operation::Deleted, &[])?;
        Ok(Answer::no_content())
    })
    .await
}
