//! Which members of the household a case covers (domain 1): a case is one person's, and may be worked on for others they live
//! with.

use actix_web::{delete, get, post};
use approdo_db::schema::{case_household_members, household_members};
use approdo_db::{Json, Timestamp, define_id};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::rights::FieldRights;
use crate::access::{Action, FieldGroup, Resource};
use crate::aggregate::{self, Child as _, locked, visible};
use crate::cases::handlers::refuse_unless_open;
use crate::cases::types::{CaseId, CaseRow};
use crate::child;
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters};
use crate::page_of;
use crate::paged_query;
use crate::people::household_members::{HouseholdMember, HouseholdMemberId};
use crate::people::types::PersonId;
use crate::work::{Change, Operation, Unit};

define_id! {
    /// The id of a household member's part in a case.
    #[derive(ToSchema)]
    CaseHouseholdMemberId;
}

/// A member of the household whom a case covers.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = case_household_members, treat_none_as_default_value = false)]
pub struct CaseHouseholdMember {
    pub id: CaseHouseholdMemberId,
    pub case_id: CaseId,
    pub household_member_id: HouseholdMemberId,
    pub person_id: PersonId,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

child!(
    CaseHouseholdMember, CaseHouseholdMemberId, case_household_members, "case_household_member", CaseHouseholdMembers;
    of CaseRow, case_id in cases
);

/// The members a field group guards, with the group.
pub const GUARDED: [(&str, FieldGroup); 2] =
    [("household_member_id", FieldGroup::Identity), ("person_id", FieldGroup::Identity)];

page_of! {
    /// A page of household members in a case.
    CaseHouseholdMemberPage of CaseHouseholdMember
}

/// Whom the case covers from now on.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"household_member_id": "01985b2e-0000-7000-8000-000000000007"}))]
pub struct NewCaseHouseholdMember {
    /// A member of the case's household.
    pub household_member_id: HouseholdMemberId,
}

impl Checked for NewCaseHouseholdMember {}

paged_query! {
    /// How to list whom a case covers.
    CaseHouseholdMemberQuery {}
}

/// Whom a case covers tells whose it is.
pub fn is_in_sight(fields: FieldRights) -> bool {
    fields.reads(FieldGroup::Identity)
}

/// 404 where the caller's grants hide whose case it is.
fn require_in_sight(fields: FieldRights) -> ApiResult<()> {
    if is_in_sight(fields) { Ok(()) } else { Err(ApiError::not_found()) }
}

/// List the household members a case covers.
///
/// Beside its own person, in the order they were added.
#[utoipa::path(
    tag = "Cases",
    params(("case_id" = CaseId, Path, description = "The case."), CaseHouseholdMemberQuery),
    responses((status = 200, description = "A page.", body = CaseHouseholdMemberPage))
)]
#[get("/cases/{case_id}/household-members")]
pub async fn list_case_household_members(
    door: Door,
    caller: Caller<actions::List, resources::CaseHouseholdMembers>,
    id: Id<CaseId>,
    query: Parameters<CaseHouseholdMemberQuery>,
) -> ApiResult<Answer> {
    door.read("list_case_household_members", caller, move |reader| {
        let (page, _) = aggregate::list(
            reader,
            id.0,
            &query,
            |reader, _: &CaseHouseholdMemberQuery, case: &CaseRow, after: CaseHouseholdMemberId, limit| {
                use case_household_members as members;
                if !is_in_sight(reader.rights.fields_at(&case.place())) {
                    return Ok(Vec::new());
                }
                let of_case = members::table.filter(members::case_id.eq(case.id)).filter(members::id.gt(after));
                Ok(of_case.order(members::id).limit(limit).load::<CaseHouseholdMember>(reader.connection)?)
            },
        )?;
        Answer::ok(&CaseHouseholdMemberPage::from(page))
    })
    .await
}

/// Let a case cover a household member.
///
/// A member of the case's household, now or before, once. Another one is 422.
#[utoipa::path(
    tag = "Cases",
    params(("case_id" = CaseId, Path, description = "The case.")),
    request_body = NewCaseHouseholdMember,
    responses((status = 201, description = "The member's part in the case.", body = CaseHouseholdMember))
)]
#[post("/cases/{case_id}/household-members")]
pub async fn create_case_household_member(
    door: Door,
    caller: Caller<actions::Create, resources::CaseHouseholdMembers>,
    id: Id<CaseId>,
    body: Body<NewCaseHouseholdMember>,
) -> ApiResult<Answer> {
    door.write("create_case_household_member", caller, Some(body.fingerprint()), move |unit| {
        let (row, _) = aggregate::create(unit, id.0, &body, add)?;
        unit.created(&format!("/case-household-members/{}", row.id), row.version, &row)
    })
    .await
}

fn add(
    unit: &mut Unit<'_>,
    id: CaseHouseholdMemberId,
    case: &CaseRow,
    new: NewCaseHouseholdMember,
) -> ApiResult<CaseHouseholdMember> {
    refuse_unless_open(case)?;
    let member: Option<HouseholdMember> =
        household_members::table.find(new.household_member_id).first(unit.connection).optional()?;
    let member = member
        .filter(|member| Some(member.household_id) == case.household_id)
        .ok_or_else(|| ApiError::unknown_reference("household_member_id"))?;
    if member.person_id == case.person_id {
        return Err(ApiError::invalid_member("household_member_id", "is the case's own person"));
    }
    let row = CaseHouseholdMember {
        id,
        case_id: case.id,
        household_member_id: member.id,
        person_id: member.person_id,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    let covered = case_household_members::table
        .filter(case_household_members::case_id.eq(case.id))
        .filter(case_household_members::person_id.eq(row.person_id));
    if covered.count().get_result::<i64>(unit.connection)? > 0 {
        let detail = "the case covers this person already";
        return Err(ApiError::unmet(vec![UnmetGuard::new("not_covered_yet", detail)]));
    }
    aggregate::add(unit, &row, case, &["case_id", "household_member_id", "person_id"])?;
    Ok(row)
}

/// Takes a household member out of a case. It is kept for the person who was covered as well, so that they can be told of it
/// (GDPR art. 15): the other records are of whoever the case is about.
pub fn end(unit: &mut Unit<'_>, row: &CaseHouseholdMember, case: &CaseRow) -> ApiResult<()> {
    aggregate::remove(unit, row, case)?;
    let values = Some(Json::try_of(row).map_err(ApiError::fault)?);
    let gone = Change::plain(CaseHouseholdMember::KIND, row.id.0, row.version + 1, Operation::Deleted, &[]);
    unit.remember(Change { values, about: Some(row.person_id.0), ..gone })
}

/// How many members of the household a case covers.
pub fn covered(unit: &mut Unit<'_>, case: CaseId) -> ApiResult<i64> {
    let of_case = case_household_members::table.filter(case_household_members::case_id.eq(case));
    Ok(of_case.count().get_result(unit.connection)?)
}

/// Read a household member's part in a case.
///
/// Of a case in your scope.
#[utoipa::path(
    tag = "Cases",
    params(("case_household_member_id" = CaseHouseholdMemberId, Path, description = "The member's part in the case.")),
    responses((status = 200, description = "The member's part in the case.", body = CaseHouseholdMember))
)]
#[get("/case-household-members/{case_household_member_id}")]
pub async fn read_case_household_member(
    door: Door,
    caller: Caller<actions::Read, resources::CaseHouseholdMembers>,
    id: Id<CaseHouseholdMemberId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_case_household_member", caller, move |reader| {
        let (row, case): (CaseHouseholdMember, CaseRow) = visible(reader, Action::Read, id.0)?;
        require_in_sight(reader.rights.fields_at(&case.place()))?;
        reader.shows(Resource::Cases, [case.id.0]);
        reader.answer_row(row.version, &held, &Fields::default(), "", &row)
    })
    .await
}

/// Let a case cover a household member no more.
///
/// While the case is open.
#[utoipa::path(
    tag = "Cases",
    params(("case_household_member_id" = CaseHouseholdMemberId, Path, description = "The member's part in the case.")),
    responses((status = 204, description = "It is gone."))
)]
#[delete("/case-household-members/{case_household_member_id}")]
pub async fn delete_case_household_member(
    door: Door,
    caller: Caller<actions::Delete, resources::CaseHouseholdMembers>,
    id: Id<CaseHouseholdMemberId>,
    if_match: IfMatch,
) -> ApiResult<Answer> {
    door.write("delete_case_household_member", caller, None, move |unit| {
        let (row, case): (CaseHouseholdMember, CaseRow) = locked(unit, Action::Delete, id.0)?;
        require_in_sight(unit.rights.fields_at(&case.place()))?;
        if_match.check(row.version)?;
        refuse_unless_open(&case)?;
        end(unit, &row, &case)?;
        Ok(Answer::no_content())
    })
    .await
}
