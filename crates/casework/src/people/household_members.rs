//! Who lives in a household, and when. A person lives in one household at a time.

use actix_web::{get, patch, post};
use approdo_db::schema::household_members;
use approdo_db::{Connection, Timestamp, define_id};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, FieldGroup, Resource};
use crate::aggregate::{self, Root as _, locked, visible};
use crate::child;
use crate::error::{ApiError, ApiResult, Kind, UnmetGuard};
use crate::http::patch::Edit;
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters, Patch, reading};
use crate::page_of;
use crate::paged_query;
use crate::people::households::{HouseholdId, HouseholdRow};
use crate::people::queries;
use crate::people::types::PersonId;
use crate::periods::{Period, overlapping};
use crate::work::Unit;

define_id! {
    /// The id of a person's time in a household.
    #[derive(ToSchema)]
    HouseholdMemberId;
}

/// A person's time in a household.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize, ToSchema)]
#[diesel(table_name = household_members, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct HouseholdMember {
    pub id: HouseholdMemberId,
    pub household_id: HouseholdId,
    pub person_id: PersonId,
    pub valid_from: NaiveDate,
    /// The first day the person lives there no more; absent while no end is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub valid_to: Option<NaiveDate>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

child!(
    HouseholdMember, HouseholdMemberId, household_members, "household_member", Households;
    of HouseholdRow, household_id in households
);

/// The members a field group guards, with the group.
pub const GUARDED: [(&str, FieldGroup); 1] = [("person_id", FieldGroup::Identity)];

impl HouseholdMember {
    fn period(&self) -> Period {
        Period { from: self.valid_from, to: self.valid_to }
    }
}

page_of! {
    /// A page of household members.
    HouseholdMemberPage of HouseholdMember
}

/// A person who moves in.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"person_id": "01985b2e-0000-7000-8000-000000000004", "valid_from": "2026-03-01"}))]
pub struct NewHouseholdMember {
    /// Somebody in your scope.
    pub person_id: PersonId,
    #[serde(deserialize_with = "reading::day")]
    pub valid_from: NaiveDate,
    /// The first day the person lives there no more.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub valid_to: Option<NaiveDate>,
}

impl Checked for NewHouseholdMember {}

/// What of a person's time in a household can be edited.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"valid_to": "2026-10-01"}))]
pub struct HouseholdMemberPatch {
    #[schema(required = false, value_type = NaiveDate)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub valid_from: Patch<NaiveDate>,
    #[schema(required = false, value_type = Option<NaiveDate>)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub valid_to: Patch<NaiveDate>,
}

impl Checked for HouseholdMemberPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

paged_query! {
    /// How to list the members of a household, or the households of a person.
    HouseholdMemberQuery {
        /// Those that hold on this day.
        #[serde(default, deserialize_with = "reading::optional_day")]
        valid_on: Option<NaiveDate>,
    }
}

impl HouseholdMemberQuery {
    fn wants(&self, row: &HouseholdMember) -> bool {
        self.valid_on.is_none_or(|day| row.period().overlaps(Period { from: day, to: day.succ_opt() }))
    }
}

/// List a household's members.
///
/// Whoever lives or lived there, in the order they were recorded.
#[utoipa::path(
    tag = "People",
    params(("household_id" = HouseholdId, Path, description = "The household."), HouseholdMemberQuery),
    responses((status = 200, description = "A page.", body = HouseholdMemberPage))
)]
#[get("/households/{household_id}/members")]
pub async fn list_household_members(
    door: Door,
    caller: Caller<actions::List, resources::Households>,
    id: Id<HouseholdId>,
    query: Parameters<HouseholdMemberQuery>,
) -> ApiResult<Answer> {
    door.read("list_household_members", caller, move |reader| {
        let (page, _) = aggregate::list(
            reader,
            id.0,
            &query,
            |reader, asked: &HouseholdMemberQuery, household: &HouseholdRow, after: HouseholdMemberId, limit| {
                if !reader.rights.fields_at(&household.place()).reads(FieldGroup::Identity) {
                    return Ok(Vec::new());
                }
                let of_household = household_members::table.filter(household_members::household_id.eq(household.id));
                let following = of_household.filter(household_members::id.gt(after)).order(household_members::id);
                let mut list = following.limit(limit).into_boxed();
                if let Some(day) = asked.valid_on {
                    let open = household_members::valid_to.is_null().or(household_members::valid_to.gt(day));
                    list = list.filter(household_members::valid_from.le(day)).filter(open);
                }
                Ok(list.load::<HouseholdMember>(reader.connection)?)
            },
        )?;
        Answer::ok(&HouseholdMemberPage::from(page))
    })
    .await
}

/// List a person's households.
///
/// Those in your scope where the person lives or lived, in the order they were recorded.
#[utoipa::path(
    tag = "People",
    params(("person_id" = PersonId, Path, description = "The person."), HouseholdMemberQuery),
    responses((status = 200, description = "A page.", body = HouseholdMemberPage))
)]
#[get("/people/{person_id}/household-members")]
pub async fn list_person_households(
    door: Door,
    caller: Caller<actions::List, resources::Households>,
    id: Id<PersonId>,
    query: Parameters<HouseholdMemberQuery>,
) -> ApiResult<Answer> {
    door.read("list_person_households", caller, move |reader| {
        let person = queries::find(reader, id.0)?;
        reader.rights.require_on(Action::Read, Resource::People, &person)?;
        let parameters = query.read()?;
        let request = reader.page(&query, parameters.limit, parameters.cursor.as_deref());
        let after = request.after()?.unwrap_or(HouseholdMemberId(uuid::Uuid::nil()));
        let mut rows = Vec::new();
        for row in of_person(reader.connection, person.id)? {
            let place = HouseholdRow::find(reader, row.household_id)?.place();
            let seen = reader.rights.may_at(Action::List, Resource::Households, &place)
                && reader.rights.fields_at(&place).reads(FieldGroup::Identity);
            if row.id > after && parameters.wants(&row) && seen {
                rows.push(row);
            }
        }
        rows.truncate(usize::try_from(request.limit() + 1).unwrap_or(usize::MAX));
        reader.shows(Resource::People, [person.id.0]);
        Answer::ok(&HouseholdMemberPage::from(request.page(rows, |row: &HouseholdMember| row.id)?))
    })
    .await
}

fn of_person(connection: &mut Connection, person: PersonId) -> QueryResult<Vec<HouseholdMember>> {
    let of_person = household_members::table.filter(household_members::person_id.eq(person));
    of_person.order(household_members::id).load(connection)
}

/// Let a person move into a household.
///
/// Somebody in your scope, who lives nowhere else at that time (409).
#[utoipa::path(
    tag = "People",
    params(("household_id" = HouseholdId, Path, description = "The household.")),
    request_body = NewHouseholdMember,
    responses((status = 201, description = "The person's time there.", body = HouseholdMember))
)]
#[post("/households/{household_id}/members")]
pub async fn create_household_member(
    door: Door,
    caller: Caller<actions::Create, resources::Households>,
    id: Id<HouseholdId>,
    body: Body<NewHouseholdMember>,
) -> ApiResult<Answer> {
    door.write("create_household_member", caller, Some(body.fingerprint()), move |unit| {
        let (row, _) = aggregate::create(unit, id.0, &body, add)?;
        unit.created(&format!("/household-members/{}", row.id), row.version, &row)
    })
    .await
}

pub fn add(
    unit: &mut Unit<'_>,
    id: HouseholdMemberId,
    household: &HouseholdRow,
    new: NewHouseholdMember,
) -> ApiResult<HouseholdMember> {
    let row = HouseholdMember {
        id,
        household_id: household.id,
        person_id: new.person_id,
        valid_from: new.valid_from,
        valid_to: new.valid_to,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    require_writable(unit, household)?;
    lock_person(unit, row.person_id)?;
    check(unit.connection, &row)?;
    aggregate::add(unit, &row, household, &["household_id", "person_id", "valid_from", "valid_to"])?;
    Ok(row)
}

/// 403 where the caller may not write who lives in the household.
fn require_writable(unit: &Unit<'_>, household: &HouseholdRow) -> ApiResult<()> {
    if unit.rights.fields_at(&household.place()).writes(FieldGroup::Identity) {
        Ok(())
    } else {
        Err(ApiError::forbidden("your grants do not let you write who lives in this household"))
    }
}

/// Locks a person in the caller's scope: two households must not take them in at once. Households are locked before people.
fn lock_person(unit: &mut Unit<'_>, id: PersonId) -> ApiResult<()> {
    let unknown = || ApiError::unknown_reference("person_id");
    let person =
        queries::lock(unit, id).map_err(|error| if error.kind() == Kind::NotFound { unknown() } else { error })?;
    if unit.rights.may_at(Action::Read, Resource::People, &person.place()) {
        person.require_workable()
    } else {
        Err(unknown())
    }
}

/// What a row must be, by itself and among the person's others.
fn check(connection: &mut Connection, row: &HouseholdMember) -> ApiResult<()> {
    if row.valid_to.is_some_and(|end| end <= row.valid_from) {
        return Err(ApiError::invalid_member("valid_to", "must be after valid_from"));
    }
    let others = of_person(connection, row.person_id)?;
    let others: Vec<Period> = others.iter().filter(|other| other.id != row.id).map(HouseholdMember::period).collect();
    if overlapping(&others, row.period()).is_some() {
        // Which one, and when, is personal: an error does not tell it.
        let detail = "the person lives in a household at that time: end it first";
        return Err(ApiError::unmet(vec![UnmetGuard::new("one_household_at_a_time", detail)]));
    }
    Ok(())
}

/// Read a person's time in a household.
///
/// Of a household in your scope.
#[utoipa::path(
    tag = "People",
    params(("household_member_id" = HouseholdMemberId, Path, description = "The person's time there.")),
    responses((status = 200, description = "The person's time there.", body = HouseholdMember))
)]
#[get("/household-members/{household_member_id}")]
pub async fn read_household_member(
    door: Door,
    caller: Caller<actions::Read, resources::Households>,
    id: Id<HouseholdMemberId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_household_member", caller, move |reader| {
        let (row, household): (HouseholdMember, HouseholdRow) = visible(reader, Action::Read, id.0)?;
        if !reader.rights.fields_at(&household.place()).reads(FieldGroup::Identity) {
            return Err(ApiError::not_found());
        }
        reader.shows(Resource::Households, [household.id.0]);
        reader.answer_row(row.version, &held, &Fields::default(), "", &row)
    })
    .await
}

/// Edit a person's time in a household.
///
/// Who moves out gets a `valid_to`. The person may live nowhere else at that time (409).
#[utoipa::path(
    tag = "People",
    params(("household_member_id" = HouseholdMemberId, Path, description = "The person's time there.")),
    request_body(content = HouseholdMemberPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The person's time there as it is now.", body = HouseholdMember))
)]
#[patch("/household-members/{household_member_id}")]
pub async fn edit_household_member(
    door: Door,
    caller: Caller<actions::Edit, resources::Households>,
    id: Id<HouseholdMemberId>,
    if_match: IfMatch,
    body: Body<HouseholdMemberPatch>,
) -> ApiResult<Answer> {
    door.write("edit_household_member", caller, None, move |unit| {
        let (mut row, household): (HouseholdMember, HouseholdRow) = locked(unit, Action::Edit, id.0)?;
        require_writable(unit, &household)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        let mut edit = Edit::default();
        edit.required("valid_from", &mut row.valid_from, patch.valid_from);
        edit.optional("valid_to", &mut row.valid_to, patch.valid_to);
        let changed = edit.finish()?;
        // Whoever may edit the household ends what is there, also for somebody who has left their scope.
        queries::lock(unit, row.person_id)?.require_workable()?;
        check(unit.connection, &row)?;
        aggregate::save(unit, &mut row, &household, changed)?;
        unit.edited(row.version, &row)
    })
    .await
}
