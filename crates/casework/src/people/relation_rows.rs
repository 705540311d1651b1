//! Relations in the database, and who may see them: a relation belongs to two people, and is in sight of whoever may see
//! either.

use approdo_db::schema::{history, people, relation_locks, relations};
use approdo_db::types::{RowId, Uuid};
use approdo_db::{Connection, Json, Prepared, Timestamp, Value, define_id, first_for_update};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::standing::Asks;
use crate::access::{Action, FieldGroup, OrganisationId, Place, Resource, Rights};
use crate::aggregate::Root as _;
use crate::error::{ApiError, ApiResult, Kind};
use crate::people::kinship::RelationKind;
use crate::people::queries;
use crate::people::types::{PersonId, PersonRow};
use crate::periods::Period;
use crate::work::{Change, Operation, Unit};

define_id! {
    /// The id of a relation.
    #[derive(ToSchema)]
    RelationId;
}

/// Its name in the feed.
pub const KIND: &str = "relation";

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = relations, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct RelationRow {
    pub id: RelationId,
    pub kind: RelationKind,
    pub subject_id: Option<PersonId>,
    pub object_id: PersonId,
    pub guardian_name: Option<String>,
    pub guardian_organisation_id: Option<OrganisationId>,
    pub decree_reference: Option<String>,
    pub decree_on: Option<NaiveDate>,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl RelationRow {
    /// The time it holds; one without a beginning held always.
    pub fn period(&self) -> Period {
        Period { from: self.valid_from.unwrap_or(NaiveDate::MIN), to: self.valid_to }
    }

    fn people(&self) -> impl Iterator<Item = PersonId> {
        self.subject_id.into_iter().chain([self.object_id])
    }

    /// Whether two are of the same people in the same way.
    pub fn is_twin(&self, other: &Self) -> bool {
        let ends = |row: &Self| (row.subject_id, Some(row.object_id));
        let (there, back) = (ends(other), (Some(other.object_id), other.subject_id));
        self.kind == other.kind && (ends(self) == there || (self.kind.is_mutual() && ends(self) == back))
    }
}

/// The people of a relation: the subject, where it has a record, and the object.
#[derive(Debug)]
pub struct Parties {
    pub subject: Option<PersonRow>,
    pub object: PersonRow,
}

impl Parties {
    /// Whoever of them is kept here.
    pub fn each(&self) -> impl Iterator<Item = &PersonRow> {
        self.subject.iter().chain([&self.object])
    }

    /// Where the relation is to be told of: with each of them, once a place.
    fn places(&self) -> Vec<Place> {
        let mut places: Vec<Place> = self.each().map(PersonRow::place).collect();
        places.dedup();
        places
    }

    /// 404 unless the caller may see either, and who they are.
    pub fn require_in_sight(&self, rights: &Rights, action: Action) -> ApiResult<()> {
        let mut refused = ApiError::not_found();
        for person in self.each() {
            let place = person.place();
            match rights.require_at(action, Resource::Relations, &place) {
                Ok(()) if rights.fields_at(&place).reads(FieldGroup::Identity) => return Ok(()),
                Err(error) if error.kind() == Kind::InsufficientScope => refused = error,
                _ => {}
            }
        }
        Err(refused)
    }

    /// 403 unless the caller may do this to both.
    pub fn require_writable(&self, rights: &Rights, action: Action) -> ApiResult<()> {
        self.require_in_sight(rights, Action::Read)?;
        if !self.each().all(|person| may_relate(rights, action, person)) {
            return Err(ApiError::forbidden("your grants do not let you change relations of both people"));
        }
        self.require_workable()
    }

    /// 423 where the processing of either's data is restricted.
    pub fn require_workable(&self) -> ApiResult<()> {
        self.each().try_for_each(PersonRow::require_workable)
    }
}

/// Whether the caller may do this to relations of this person.
pub fn may_relate(rights: &Rights, action: Action, person: &PersonRow) -> bool {
    let place = person.place();
    rights.may_at(action, Resource::Relations, &place) && rights.fields_at(&place).writes(FieldGroup::Identity)
}

/// A relation with its people; 404 where there is none.
pub fn with_parties(asks: &mut impl Asks, id: RelationId) -> ApiResult<(RelationRow, Parties)> {
    let row: RelationRow =
        asks.one(Prepared::<relations::SqlType>::select("r.*").sql(" FROM relations r WHERE r.id = ").bind(id))?;
    let subject = row.subject_id.map(|id| queries::find(asks, id)).transpose()?;
    let object = queries::find(asks, row.object_id)?;
    Ok((row, Parties { subject, object }))
}

/// The same under the locks of its people.
pub fn locked(unit: &mut Unit<'_>, id: RelationId) -> ApiResult<(RelationRow, Parties)> {
    let row: RelationRow = relations::table.find(id).first(unit.connection)?;
    let parties = lock(unit, row.subject_id, row.object_id)?.ok_or_else(ApiError::not_found)?;
    Ok((relations::table.find(id).first(unit.connection)?, parties))
}

/// Locks the people of a relation, the smaller id first, so that nobody waits in a circle. None where one is not there.
pub fn lock(unit: &mut Unit<'_>, subject: Option<PersonId>, object: PersonId) -> ApiResult<Option<Parties>> {
    let mut ids: Vec<PersonId> = subject.into_iter().chain([object]).collect();
    ids.sort_unstable();
    let mut rows = Vec::new();
    for id in ids {
        match queries::lock(unit, id) {
            Ok(row) => rows.push(row),
            Err(error) if error.kind() == Kind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    let at = rows.iter().position(|row| row.id == object).ok_or_else(ApiError::not_found)?;
    let object = rows.remove(at);
    Ok(Some(Parties { subject: rows.pop(), object }))
}

/// Locks a person together with whoever is related to them, in the same order: for a change of the person that their relations
/// follow, which are told of at the places of both.
pub fn lock_around(unit: &mut Unit<'_>, id: PersonId) -> ApiResult<PersonRow> {
    let related = of_person(unit.connection, id, RelationId(uuid::Uuid::nil()), i64::MAX)?;
    let mut ids: Vec<PersonId> = related.iter().flat_map(RelationRow::people).filter(|other| *other != id).collect();
    ids.sort_unstable();
    ids.dedup();
    let (before, after): (Vec<_>, Vec<_>) = ids.into_iter().partition(|other| *other < id);
    lock_each(unit, before)?;
    let person = queries::lock(unit, id)?;
    lock_each(unit, after)?;
    Ok(person)
}

fn lock_each(unit: &mut Unit<'_>, ids: Vec<PersonId>) -> ApiResult<()> {
    ids.into_iter().try_for_each(|id| match queries::lock(unit, id) {
        // Who was erased meanwhile has no relations any more.
        Err(error) if error.kind() != Kind::NotFound => Err(error),
        _ => Ok(()),
    })
}

/// A person's relations whose ids come after one, from either side.
pub fn of_person(
    connection: &mut Connection,
    person: PersonId,
    after: RelationId,
    limit: i64,
) -> QueryResult<Vec<RelationRow>> {
    let theirs = relations::subject_id.eq(person).or(relations::object_id.eq(person));
    relations::table.filter(theirs).filter(relations::id.gt(after)).order(relations::id).limit(limit).load(connection)
}

/// Relations of a kind that lead on from a person, over however many others.
pub fn leading_on(
    connection: &mut Connection,
    kind: RelationKind,
    from: PersonId,
) -> QueryResult<Vec<(PersonId, PersonId)>> {
    let kind = Value::Text(kind.as_str().to_owned());
    Prepared::<(Uuid, Uuid)>::new(
        "WITH RECURSIVE line (subject_id, object_id) AS ( \
           SELECT subject_id, object_id FROM relations WHERE subject_id = ",
    )
    .bind(from)
    .sql(" AND kind = ")
    .bind(kind.clone())
    .sql(
        " UNION SELECT r.subject_id, r.object_id FROM line l JOIN relations r ON r.subject_id = l.object_id \
           WHERE r.kind = ",
    )
    .bind(kind)
    .sql(") SELECT subject_id, object_id FROM line")
    .load(connection)
}

/// Waits for other requests that could close a circle of this kind together with one from a subject to an object.
///
/// Two relations next to each other share a person, whose lock keeps them apart. So in a circle that several requests close
/// at once there are some that find both their neighbours there: only those can come last, and only those wait here for each
/// other. Whoever has no relation of the kind on both sides closes nothing, and waits for nobody.
pub fn lock_circle(
    connection: &mut Connection,
    kind: RelationKind,
    subject: PersonId,
    object: PersonId,
) -> QueryResult<()> {
    let of_kind = relations::table.filter(relations::kind.eq(kind));
    let above = diesel::select(diesel::dsl::exists(of_kind.filter(relations::object_id.eq(subject))));
    let below = diesel::select(diesel::dsl::exists(of_kind.filter(relations::subject_id.eq(object))));
    if above.get_result::<bool>(connection)? && below.get_result::<bool>(connection)? {
        let held: String =
            first_for_update!(connection, relation_locks::table.find(kind.as_str()).select(relation_locks::kind))?;
        debug_assert_eq!(held, kind.as_str());
    }
    Ok(())
}

/// Writes a changed relation with its records, under the locks of its people.
pub fn save(unit: &mut Unit<'_>, row: &mut RelationRow, parties: &Parties, changed: &[&'static str]) -> ApiResult<()> {
    let before = relations::table.filter(relations::id.eq(row.id)).filter(relations::version.eq(row.version));
    (row.version, row.updated_at) = (row.version + 1, unit.now);
    Unit::updated_one(diesel::update(before).set(&*row).execute(unit.connection)?)?;
    record(unit, row, parties, Operation::Updated, changed)
}

/// Writes the records of a relation: its values for each of its people, and the event at each place of theirs, so that whoever
/// follows either side learns of it.
pub fn record(
    unit: &mut Unit<'_>,
    row: &RelationRow,
    parties: &Parties,
    operation: Operation,
    changed: &[&'static str],
) -> ApiResult<()> {
    let values = Some(Json::try_of(row).map_err(ApiError::fault)?);
    let mut places = parties.places().into_iter();
    let change = |place| Change { place, ..Change::plain(KIND, row.id.0, row.version, operation, changed) };
    let mut people = parties.each().map(|person| Some(person.id.0));
    let first = Change { values: values.clone(), about: people.next().flatten(), ..change(places.next()) };
    unit.record(first)?;
    for about in people {
        unit.remember(Change { values: values.clone(), about, ..change(None) })?;
    }
    places.try_for_each(|place| unit.tell(&change(Some(place))))?;
    parties.each().try_for_each(|person| person.announce(unit))
}

/// Tells the feed that the relations of a locked person are now where the person is. Who sees the other side alone is told
/// last, because to them nothing has gone.
pub fn follow(unit: &mut Unit<'_>, person: &PersonRow, before: &Place) -> ApiResult<()> {
    for row in of_person(unit.connection, person.id, RelationId(uuid::Uuid::nil()), i64::MAX)? {
        let change = |place: Place| Change {
            place: Some(place),
            ..Change::plain(KIND, row.id.0, row.version, Operation::Updated, &[])
        };
        unit.tell(&Change { before: Some(before.clone()), ..change(person.place()) })?;
        for other in row.people().filter(|id| *id != person.id) {
            let other: PersonRow = people::table.find(other).first(unit.connection)?;
            if other.place() != person.place() {
                unit.tell(&change(other.place()))?;
            }
        }
    }
    Ok(())
}

/// Tells the feed, and whoever works with either person, that a relation is gone; nothing of it is kept.
pub fn record_removal(unit: &mut Unit<'_>, row: &RelationRow, parties: &Parties) -> ApiResult<()> {
    for place in parties.places() {
        let gone = Change::plain(KIND, row.id.0, row.version + 1, Operation::Deleted, &[]);
        unit.tell(&Change { place: Some(place), ..gone })?;
    }
    diesel::delete(history::table.filter(history::resource_id.eq(RowId(row.id.0)))).execute(unit.connection)?;
    parties.each().try_for_each(|person| person.announce(unit))
}
