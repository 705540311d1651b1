//! Households: people who live together, with an owner and a territory of their own. Who belongs to one is in
//! `household_members`.

use actix_web::{get, patch, post};
use approdo_db::schema::households;
use approdo_db::{Json, Prepared, Timestamp, define_id};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::access::caller::{Caller, actions, resources};
use crate::access::rights::{Confinement, FieldRights};
use crate::access::standing::Asks;
use crate::access::{Action, FieldGroup, OrganisationId, Place, Resource, TerritoryId};
use crate::aggregate::{self, Root};
use crate::cases::news;
use crate::error::{ApiError, ApiResult};
use crate::http::patch::Edit;
use crate::http::texts::MemberName;
use crate::http::{Answer, Body, Checked, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters, Patch, Reader};
use crate::page_of;
use crate::people::handlers::require_place;
use crate::people::household_members::HouseholdMember;
use crate::people::types::withheld;
use crate::work::{Change, Operation, Unit};

define_id! {
    /// The id of a household.
    #[derive(ToSchema)]
    HouseholdId;
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = households, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct HouseholdRow {
    pub id: HouseholdId,
    pub owner_org_id: OrganisationId,
    pub territory_id: TerritoryId,
    pub label: Option<String>,
    pub address: Option<String>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

fn by_id(id: HouseholdId) -> Prepared<households::SqlType> {
    Prepared::select("r.*").sql(" FROM households r WHERE r.id = ").bind(id)
}

/// Reads a household, if it is there.
pub fn known(asks: &mut impl Asks, id: HouseholdId) -> ApiResult<Option<HouseholdRow>> {
    asks.first(by_id(id))
}

impl Root for HouseholdRow {
    type Id = HouseholdId;
    const RESOURCE: Resource = Resource::Households;

    fn id(&self) -> HouseholdId {
        self.id
    }

    // A household has no target group: its members may be of several.
    fn place(&self) -> Place {
        Place {
            owner_org: self.owner_org_id,
            territory: Some(self.territory_id),
            target_group: None,
            confinement: Confinement::Open,
        }
    }

    fn find(reader: &mut Reader<'_>, id: HouseholdId) -> ApiResult<Self> {
        reader.one(by_id(id))
    }

    fn lock(unit: &mut Unit<'_>, id: HouseholdId) -> ApiResult<Self> {
        Asks::lock(unit, by_id(id))
    }

    // Several people live in it.
    fn about(&self) -> Option<uuid::Uuid> {
        None
    }

    fn require_workable(&self) -> ApiResult<()> {
        Ok(())
    }

    fn announce(&self, unit: &mut Unit<'_>) -> ApiResult<()> {
        news::of_household(unit, self.id)
    }
}

/// The members a field group guards, with the group.
pub const GUARDED: [(&str, FieldGroup); 2] = [("label", FieldGroup::Identity), ("address", FieldGroup::Identity)];

/// Members that `fields` can name.
pub const MEMBERS: [&str; 8] =
    ["id", "owner_org_id", "territory_id", "label", "address", "version", "created_at", "updated_at"];

/// A household, as far as the caller may see.
#[derive(Debug, Serialize, ToSchema)]
pub struct Household {
    pub id: HouseholdId,
    /// The organisation responsible for the record.
    pub owner_org_id: OrganisationId,
    pub territory_id: TerritoryId,
    /// How the household is known to those who work with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub label: Option<String>,
    /// Where it lives, as it is written on an envelope.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 500)]
    pub address: Option<String>,
    /// Members your grants hide on this household, whether or not they have a value.
    #[schema(value_type = Vec<MemberName>, max_items = 20)]
    pub withheld_fields: Vec<&'static str>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Household {
    /// The household as these rights show it.
    pub fn shown(row: HouseholdRow, rights: FieldRights) -> Self {
        let identity = rights.reads(FieldGroup::Identity);
        Self {
            id: row.id,
            owner_org_id: row.owner_org_id,
            territory_id: row.territory_id,
            label: row.label.filter(|_| identity),
            address: row.address.filter(|_| identity),
            withheld_fields: withheld(&GUARDED, rights),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

page_of! {
    /// A page of households.
    HouseholdPage of Household
}

/// A household to register.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "owner_org_id": "01985b2e-0000-7000-8000-000000000001", "territory_id": "01985b2e-0000-7000-8000-000000000003",
    "label": "Shevchuk, via Roma", "address": "Via Roma 1, 33100 Udine"
}))]
pub struct NewHousehold {
    /// One of your organisations.
    pub owner_org_id: OrganisationId,
    /// Where the household lives: a territory in your scope.
    pub territory_id: TerritoryId,
    /// How the household is known to those who work with it.
    #[validate(length(min = 1, max = 200))]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub label: Option<String>,
    /// Where it lives, as it is written on an envelope.
    #[validate(length(min = 1, max = 500))]
    #[schema(nullable = false, min_length = 1, max_length = 500)]
    pub address: Option<String>,
}

impl Checked for NewHousehold {}

/// What of a household can be edited.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"address": "Via Grazzano 5, 33100 Udine"}))]
pub struct HouseholdPatch {
    /// Moves the household to another territory of your scope. The owner stays: only a transfer will change it, which this version
    /// does not have.
    #[schema(required = false, value_type = TerritoryId)]
    #[serde(default)]
    pub territory_id: Patch<TerritoryId>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub label: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 500)]
    #[serde(default)]
    pub address: Patch<String>,
}

impl Checked for HouseholdPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

/// How to read one household.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HouseholdReadQuery {
    /// Members to answer, separated by commas; all when absent.
    #[validate(length(min = 1, max = 400))]
    #[param(min_length = 1, max_length = 400, example = "id,version,address")]
    pub fields: Option<String>,
}

/// 403 where a member is changed that the caller may not write.
fn refuse_unwritable(fields: FieldRights, changed: bool) -> ApiResult<()> {
    if changed && !fields.writes(FieldGroup::Identity) {
        return Err(ApiError::forbidden("your grants do not let you write label or address"));
    }
    Ok(())
}

fn record(
    unit: &mut Unit<'_>,
    row: &HouseholdRow,
    before: Option<Place>,
    operation: Operation,
    changed: &[&'static str],
) -> ApiResult<()> {
    let values = Some(Json::try_of(row).map_err(ApiError::fault)?);
    let plain = Change::plain("household", row.id.0, row.version, operation, changed);
    unit.record(Change { place: Some(row.place()), before, values, ..plain })
}

/// Takes the texts from a locked household in which nobody has lived.
pub fn empty(unit: &mut Unit<'_>, row: &mut HouseholdRow) -> ApiResult<()> {
    let before = row.version;
    (row.label, row.address) = (None, None);
    row.version += 1;
    row.updated_at = unit.now;
    let kept = households::table.filter(households::id.eq(row.id)).filter(households::version.eq(before));
    Unit::updated_one(diesel::update(kept).set(&*row).execute(unit.connection)?)?;
    let told = Change::plain("household", row.id.0, row.version, Operation::Updated, &["label", "address"]);
    unit.record(Change { place: Some(row.place()), ..told })
}

/// Register a household.
///
/// In one of your organisations and territories. It has no members yet.
#[utoipa::path(
    tag = "People",
    request_body = NewHousehold,
    responses((status = 201, description = "The household.", body = Household))
)]
#[post("/households")]
pub async fn create_household(
    door: Door,
    caller: Caller<actions::Create, resources::Households>,
    body: Body<NewHousehold>,
) -> ApiResult<Answer> {
    door.write("create_household", caller, Some(body.fingerprint()), move |unit| {
        let new = body.read()?;
        require_place(unit, Resource::Households, new.owner_org_id, new.territory_id, None)?;
        let id = HouseholdId::new();
        let row = match unit.replay(id.0)? {
            Some(earlier) => unit.one(by_id(HouseholdId(earlier)))?,
            None => register(unit, id, new)?,
        };
        let place = row.place();
        unit.rights.require_at(Action::Create, Resource::Households, &place)?;
        unit.shows(Resource::Households, [row.id.0]);
        let (path, version) = (format!("/households/{}", row.id), row.version);
        let household = Household::shown(row, unit.rights.fields_at(&place));
        unit.created(&path, version, &household)
    })
    .await
}

pub fn register(unit: &mut Unit<'_>, id: HouseholdId, new: NewHousehold) -> ApiResult<HouseholdRow> {
    let row = HouseholdRow {
        id,
        owner_org_id: new.owner_org_id,
        territory_id: new.territory_id,
        label: new.label,
        address: new.address,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    refuse_unwritable(unit.rights.fields_at(&row.place()), row.label.is_some() || row.address.is_some())?;
    diesel::insert_into(households::table).values(&row).execute(unit.connection)?;
    record(unit, &row, None, Operation::Created, &["owner_org_id", "territory_id", "label", "address"])?;
    Ok(row)
}

/// Read a household.
///
/// With what your grants show of it; `withheld_fields` names the rest.
#[utoipa::path(
    tag = "People",
    params(("household_id" = HouseholdId, Path, description = "The household."), HouseholdReadQuery),
    responses((status = 200, description = "The household.", body = Household))
)]
#[get("/households/{household_id}")]
pub async fn read_household(
    door: Door,
    caller: Caller<actions::Read, resources::Households>,
    id: Id<HouseholdId>,
    held: IfNoneMatch,
    query: Parameters<HouseholdReadQuery>,
) -> ApiResult<Answer> {
    door.read("read_household", caller, move |reader| {
        let row = HouseholdRow::find(reader, id.0)?;
        let place = row.place();
        reader.rights.require_at(Action::Read, Resource::Households, &place)?;
        let fields = Fields::parse(query.read()?.fields.as_deref(), &MEMBERS)?;
        reader.shows(Resource::Households, [row.id.0]);
        let household = Household::shown(row, reader.rights.fields_at(&place));
        reader.answer_row(household.version, &held, &fields, "", &household)
    })
    .await
}

/// Edit a household.
///
/// What it said before stays in the history. Members come and go by `/households/{household_id}/members`; where a household moves,
/// they stay its members, and are people of the territory they were in until they are moved themselves.
#[utoipa::path(
    tag = "People",
    params(("household_id" = HouseholdId, Path, description = "The household.")),
    request_body(content = HouseholdPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The household as it is now.", body = Household))
)]
#[patch("/households/{household_id}")]
pub async fn edit_household(
    door: Door,
    caller: Caller<actions::Edit, resources::Households>,
    id: Id<HouseholdId>,
    if_match: IfMatch,
    body: Body<HouseholdPatch>,
) -> ApiResult<Answer> {
    door.write("edit_household", caller, None, move |unit| {
        let mut row = <HouseholdRow as Root>::lock(unit, id.0)?;
        unit.rights.require_on(Action::Edit, Resource::Households, &row)?;
        unit.shows(Resource::Households, [row.id.0]);
        let patch = body.read()?;
        if_match.check(row.version)?;
        revise(unit, &mut row, patch)?;
        let fields = unit.rights.fields_at(&row.place());
        unit.edited(row.version, &Household::shown(row, fields))
    })
    .await
}

/// Edits a locked household.
fn revise(unit: &mut Unit<'_>, row: &mut HouseholdRow, patch: HouseholdPatch) -> ApiResult<()> {
    let before = row.place();
    let mut edit = Edit::default();
    edit.bounded("label", &patch.label, 200);
    edit.bounded("address", &patch.address, 500);
    edit.required("territory_id", &mut row.territory_id, patch.territory_id);
    edit.optional("label", &mut row.label, patch.label);
    edit.optional("address", &mut row.address, patch.address);
    let changed = edit.finish()?;
    let guarded = changed.iter().any(|name| GUARDED.iter().any(|(member, _)| member == name));
    refuse_unwritable(unit.rights.fields_at(&before), guarded)?;
    unit.rights.require_kept_in_reach(Resource::Households, &row.place(), &changed)?;
    if changed.is_empty() {
        return Ok(());
    }
    save(unit, row, &before, &changed)
}

/// Writes a locked household whose row has changed; who has lived there hears of it where it is.
fn save(unit: &mut Unit<'_>, row: &mut HouseholdRow, before: &Place, changed: &[&'static str]) -> ApiResult<()> {
    let kept = households::table.filter(households::id.eq(row.id)).filter(households::version.eq(row.version));
    (row.version, row.updated_at) = (row.version + 1, unit.now);
    Unit::updated_one(diesel::update(kept).set(&*row).execute(unit.connection)?)?;
    record(unit, row, Some(before.clone()), Operation::Updated, changed)?;
    row.announce(unit)?;
    if row.place() != *before {
        aggregate::follow::<HouseholdMember>(unit, row, before)?;
    }
    Ok(())
}

/// Hands a locked household over to another organisation. Its members are handed over apart.
pub fn hand_over(
    unit: &mut Unit<'_>,
    row: &mut HouseholdRow,
    organisation: OrganisationId,
    territory: TerritoryId,
) -> ApiResult<()> {
    let before = row.place();
    (row.owner_org_id, row.territory_id) = (organisation, territory);
    save(unit, row, &before, &["owner_org_id", "territory_id"])
}
