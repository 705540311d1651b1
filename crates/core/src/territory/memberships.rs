//! Dated memberships: which municipality belonged to which union, convention, district or mountain community, and when.

use actix_web::{get, patch, post};
use approdo_db::schema::territory_memberships;
use approdo_db::{Connection, Json, Timestamp, define_id};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::TerritoryId;
use crate::access::caller::{Caller, actions, resources};
use crate::error::{ApiError, ApiResult};
use crate::http::patch::Edit;
use crate::http::path::Ids;
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters, Patch, reading};
use crate::page_of;
use crate::paged_query;
use crate::territory::territories::{find, tree_changed};
use crate::territory::tree::never;
use crate::work::{Change, Operation, Unit};

/// What changes of memberships are recorded as.
pub const RESOURCE: &str = "membership";

define_id! {
    /// The id of a membership.
    #[derive(ToSchema)]
    MembershipId;
}

/// A territory's membership of a union, convention, district or mountain community.
#[derive(Debug, Clone, Queryable, Insertable, Serialize, ToSchema)]
#[diesel(table_name = territory_memberships, treat_none_as_default_value = false)]
pub struct Membership {
    pub id: MembershipId,
    pub member_id: TerritoryId,
    /// The union, convention, district or mountain community.
    pub aggregate_id: TerritoryId,
    /// First day of membership.
    pub valid_from: NaiveDate,
    /// First day after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub valid_to: Option<NaiveDate>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

page_of! {
    /// A page of memberships.
    MembershipPage of Membership
}

/// A membership to add.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"member_id": "01985b2e-0000-7000-8000-000000000003", "valid_from": "2026-01-01"}))]
pub struct NewMembership {
    pub member_id: TerritoryId,
    #[serde(deserialize_with = "reading::day")]
    pub valid_from: NaiveDate,
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub valid_to: Option<NaiveDate>,
}

impl Checked for NewMembership {}

/// What of a membership can be edited: its end.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"valid_to": "2027-01-01"}))]
pub struct MembershipPatch {
    #[schema(required = false, value_type = Option<NaiveDate>)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub valid_to: Patch<NaiveDate>,
}

impl Checked for MembershipPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

paged_query! {
    /// How to list memberships.
    MembershipQuery {
        /// Those in force on this day.
        #[serde(default, deserialize_with = "reading::optional_day")]
        on: Option<NaiveDate>,
    }
}

/// List a territory's memberships.
///
/// Those it has and those it gives as a union, convention, district or mountain community, oldest first.
#[utoipa::path(
    tag = "Territory",
    params(("territory_id" = TerritoryId, Path, description = "The territory."), MembershipQuery),
    responses((status = 200, description = "A page.", body = MembershipPage))
)]
#[get("/territories/{territory_id}/memberships")]
pub async fn list_memberships(
    door: Door,
    caller: Caller<actions::Read, resources::Territories>,
    id: Id<TerritoryId>,
    query: Parameters<MembershipQuery>,
) -> ApiResult<Answer> {
    use territory_memberships as t;
    door.read("list_memberships", caller, move |reader| {
        find(reader.connection, id.0)?.ok_or_else(ApiError::not_found)?;
        let parameters = query.read()?;
        let request = reader.page(&query, parameters.limit, parameters.cursor.as_deref());
        let after = request.after()?.unwrap_or(MembershipId(uuid::Uuid::nil()));
        let mut list = t::table
            .filter(t::member_id.eq(id.0).or(t::aggregate_id.eq(id.0)))
            .filter(t::id.gt(after))
            .order(t::id)
            .limit(request.limit() + 1)
            .into_boxed();
        if let Some(on) = parameters.on {
            list = list.filter(t::valid_from.le(on)).filter(t::valid_to.is_null().or(t::valid_to.gt(on)));
        }
        let rows: Vec<Membership> = list.load(reader.connection)?;
        Answer::ok(&MembershipPage::from(request.page(rows, |row: &Membership| row.id)?))
    })
    .await
}

/// Add a member.
///
/// Grants on the union, convention, district or mountain community reach the member while the membership lasts.
#[utoipa::path(
    tag = "Territory",
    params(("territory_id" = TerritoryId, Path, description = "The union, convention, district or mountain community.")),
    request_body = NewMembership,
    responses((status = 201, description = "The membership.", body = Membership))
)]
#[post("/territories/{territory_id}/memberships")]
pub async fn create_membership(
    door: Door,
    caller: Caller<actions::Edit, resources::Territories>,
    aggregate: Id<TerritoryId>,
    body: Body<NewMembership>,
) -> ApiResult<Answer> {
    door.write("create_membership", caller, Some(body.fingerprint()), move |unit| {
        let aggregate = find(unit.connection, aggregate.0)?.ok_or_else(ApiError::not_found)?;
        let new = body.read()?;
        let id = MembershipId::new();
        let id = match unit.replay(id.0)? {
            Some(earlier) => MembershipId(earlier),
            None => {
                if !["union", "convention", "district", "mountain_community"].contains(&aggregate.kind.as_str()) {
                    return Err(ApiError::conflict("a territory of this kind has no members"));
                }
                add_checked(unit, id, aggregate.id, &new)?;
                tree_changed(unit)?;
                id
            }
        };
        let row: Membership = territory_memberships::table.find(id).first(unit.connection)?;
        unit.created(&format!("/territories/{}/memberships/{id}", row.aggregate_id), row.version, &row)
    })
    .await
}

fn add_checked(unit: &mut Unit<'_>, id: MembershipId, aggregate: TerritoryId, new: &NewMembership) -> ApiResult<()> {
    use territory_memberships as t;
    if new.valid_to.is_some_and(|end| end <= new.valid_from) {
        return Err(ApiError::invalid_member("valid_to", "must be after valid_from"));
    }
    find(unit.connection, new.member_id)?.ok_or_else(|| ApiError::unknown_reference("member_id"))?;
    if new.member_id == aggregate {
        return Err(ApiError::invalid_member("member_id", "a territory cannot be its own member"));
    }
    let overlapping: i64 = t::table
        .filter(t::member_id.eq(new.member_id))
        .filter(t::aggregate_id.eq(aggregate))
        .filter(t::valid_to.is_null().or(t::valid_to.gt(new.valid_from)))
        .filter(t::valid_from.lt(new.valid_to.unwrap_or_else(never)))
        .count()
        .get_result(unit.connection)?;
    if overlapping > 0 {
        return Err(ApiError::conflict("it is a member in that period already"));
    }
    let (valid_from, valid_to) = (new.valid_from, new.valid_to);
    add(unit, id, new.member_id, aggregate, valid_from, valid_to)
}

/// Adds a membership. Whoever adds the last one resolves the grants anew (`tree_changed`).
pub fn add(
    unit: &mut Unit<'_>,
    id: MembershipId,
    member: TerritoryId,
    aggregate: TerritoryId,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
) -> ApiResult<()> {
    let row = Membership {
        id,
        member_id: member,
        aggregate_id: aggregate,
        valid_from,
        valid_to,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    diesel::insert_into(territory_memberships::table).values(&row).execute(unit.connection)?;
    unit.record(Change {
        values: Some(Json::try_of(&row).map_err(ApiError::fault)?),
        ..Change::plain(RESOURCE, id.0, 1, Operation::Created, &["member_id", "aggregate_id", "valid_from", "valid_to"])
    })
}

fn find_in(connection: &mut Connection, aggregate: TerritoryId, id: MembershipId) -> ApiResult<Membership> {
    let found: Option<Membership> =
        approdo_db::first_for_update!(connection, territory_memberships::table.find(id)).optional()?;
    found.filter(|row| row.aggregate_id == aggregate).ok_or_else(ApiError::not_found)
}

/// Read a membership.
///
/// Every caller may know it. It is found under its union, convention, district or mountain community.
#[utoipa::path(
    tag = "Territory",
    params(
        ("territory_id" = TerritoryId, Path, description = "The union, convention, district or mountain community."),
        ("membership_id" = MembershipId, Path, description = "The membership."),
    ),
    responses((status = 200, description = "The membership.", body = Membership))
)]
#[get("/territories/{territory_id}/memberships/{membership_id}")]
pub async fn read_membership(
    door: Door,
    caller: Caller<actions::Read, resources::Territories>,
    ids: Ids<TerritoryId, MembershipId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    use territory_memberships as t;
    door.read("read_membership", caller, move |reader| {
        let row: Membership =
            t::table.filter(t::aggregate_id.eq(ids.0)).filter(t::id.eq(ids.1)).first(reader.connection)?;
        reader.answer_row(row.version, &held, &Fields::default(), "", &row)
    })
    .await
}

/// End a membership.
///
/// Sets, moves or removes its last day. The past stays as it was.
#[utoipa::path(
    tag = "Territory",
    params(
        ("territory_id" = TerritoryId, Path, description = "The union, convention, district or mountain community."),
        ("membership_id" = MembershipId, Path, description = "The membership."),
    ),
    request_body(content = MembershipPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The membership as it is now.", body = Membership))
)]
#[patch("/territories/{territory_id}/memberships/{membership_id}")]
pub async fn edit_membership(
    door: Door,
    caller: Caller<actions::Edit, resources::Territories>,
    ids: Ids<TerritoryId, MembershipId>,
    if_match: IfMatch,
    body: Body<MembershipPatch>,
) -> ApiResult<Answer> {
    use territory_memberships as t;
    door.write("edit_membership", caller, None, move |unit| {
        let mut row = find_in(&mut *unit.connection, ids.0, ids.1)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        let mut edit = Edit::default();
        edit.optional("valid_to", &mut row.valid_to, patch.valid_to);
        if row.valid_to.is_some_and(|end| end <= row.valid_from) {
            edit.refuse("valid_to", "must be after valid_from");
        }
        let changed = edit.finish()?;
        if !changed.is_empty() {
            let before = row.version;
            row.version += 1;
            row.updated_at = unit.now;
            Unit::updated_one(
                diesel::update(t::table.filter(t::id.eq(row.id)).filter(t::version.eq(before)))
                    .set((t::valid_to.eq(row.valid_to), t::version.eq(row.version), t::updated_at.eq(row.updated_at)))
                    .execute(unit.connection)?,
            )?;
            unit.record(Change {
                values: Some(Json::try_of(&row).map_err(ApiError::fault)?),
                ..Change::plain(RESOURCE, row.id.0, row.version, Operation::Updated, &changed)
            })?;
            tree_changed(unit)?;
        }
        unit.edited(row.version, &row)
    })
    .await
}
