//! The case as it was when it went: what who handed it over keeps to read, and what came after is not in it (domain 15). It accounts for
//! what was done until then (GDPR art. 5(2)), so it is not corrected when the case is, and goes with the erasure of the person.

use actix_web::get;
use approdo_db::schema::{transfer_records, transfers};
use approdo_db::{Json, Timestamp};
use diesel::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::access::caller::{Caller, actions, resources};
use crate::access::rights::Confinement;
use crate::access::{Action, OrganisationId, Place, Resource, Rights, TerritoryId};
use crate::aggregate::Child as _;
use crate::app::App;
use crate::attachments::types::{Attachment, AttachmentStatus};
use crate::cases::confidentiality::{self, Confidential};
use crate::cases::notes::Note;
use crate::cases::types::CaseRow;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Door, Fields, Id, IfNoneMatch, Reader};
use crate::offers::two_sided::{self, TwoSided as _};
use crate::people::contacts::Contact;
use crate::people::export::{self, rows, value};
use crate::people::legal_statuses::LegalStatusRow;
use crate::people::types::{PersonId, PersonRow};
use crate::referrals::rules::Side;
use crate::referrals::{closing, export as referral_export};
use crate::transfers::types::{TransferId, TransferRow};
use crate::work::Unit;

/// What is kept of it.
#[derive(Debug, Serialize, Deserialize)]
struct Content {
    person: Value,
    legal_statuses: Vec<Value>,
    contacts: Vec<Value>,
    case: Value,
    /// Each with whom it reached, and what travelled.
    referrals: Vec<Value>,
}

/// A case as it was when it went. Rows have the members of the database's, named as in the rest of this contract.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransferRecord {
    pub transfer_id: TransferId,
    /// When the case went: what has changed since is not in it.
    pub frozen_at: Timestamp,
    /// Absent, with the statuses and contacts, where your grants did not reach where the person was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<Value>,
    #[schema(max_items = 10000)]
    pub legal_statuses: Vec<Value>,
    #[schema(max_items = 10000)]
    pub contacts: Vec<Value>,
    /// The case with its moves, tasks, assessments, goals, plans, notes, appointments, pathways and attachments, these with the address of
    /// their content.
    pub case: Value,
    /// Each referral from the case with whom it reached, its package, and when its clock stood still.
    #[schema(max_items = 10000)]
    pub referrals: Vec<Value>,
    /// Notes that are not for your eyes and are not in this document.
    #[schema(minimum = 0, maximum = 100000)]
    pub withheld_notes: i64,
    /// Attachments that are not for your eyes and are not in this document.
    #[schema(minimum = 0, maximum = 100000)]
    pub withheld_attachments: i64,
}

/// Keeps a locked case as it is.
pub fn freeze(unit: &mut Unit<'_>, id: TransferId, case: &CaseRow, person: &PersonRow) -> ApiResult<()> {
    let notes = Note::all_of(unit.connection, case.id, i64::MAX)?;
    let attachments = Attachment::all_of(unit.connection, case.id, i64::MAX)?;
    let attachments: Vec<Value> = attachments.iter().map(value).collect::<ApiResult<_>>()?;
    let mut referrals = Vec::new();
    for row in closing::of_case(unit, case)? {
        referrals.push(referral_export::whole(unit.connection, &row)?);
    }
    let content = Content {
        referrals,
        person: value(person)?,
        legal_statuses: rows::<LegalStatusRow>(unit.connection, person.id)?,
        contacts: rows::<Contact>(unit.connection, person.id)?,
        case: export::whole_case(unit.connection, case, &notes, attachments)?,
    };
    diesel::insert_into(transfer_records::table)
        .values((
            transfer_records::transfer_id.eq(id),
            transfer_records::content.eq(Json::of(content)),
            transfer_records::frozen_at.eq(unit.now),
        ))
        .execute(unit.connection)?;
    Ok(())
}

/// Where a person was who is told.
fn where_was(person: &Value) -> ApiResult<Place> {
    #[derive(Deserialize)]
    struct Was {
        owner_org_id: OrganisationId,
        territory_id: TerritoryId,
        target_group: Option<String>,
    }
    let Was { owner_org_id, territory_id, target_group } = Was::deserialize(person).map_err(ApiError::fault)?;
    let (territory, confinement) = (Some(territory_id), Confinement::Open);
    Ok(Place { owner_org: owner_org_id, territory, target_group, confinement })
}

/// Forgets what was kept of the cases of a person.
pub fn erase(unit: &mut Unit<'_>, person: PersonId) -> ApiResult<()> {
    let of_person = transfers::table.filter(transfers::person_id.eq(person)).select(transfers::id);
    diesel::delete(transfer_records::table.filter(transfer_records::transfer_id.eq_any(of_person)))
        .execute(unit.connection)?;
    Ok(())
}

/// Takes out of a list in the content what is not for the caller's eyes. Tells how many that were.
pub fn withhold<C: Confidential + DeserializeOwned>(
    case: &mut Value,
    list: &str,
    rights: &Rights,
    row: &TransferRow,
) -> ApiResult<i64> {
    let Some(Value::Array(kept)) = case.get_mut(list) else { return Ok(0) };
    let there = kept.len();
    let mut shown = Vec::new();
    for item in kept.drain(..) {
        let read: C = serde_json::from_value(item.clone()).map_err(ApiError::fault)?;
        if confidentiality::in_sight_at(&read, rights, &row.sending(), row.case_manager_id) {
            shown.push(item);
        }
    }
    let withheld = there - shown.len();
    *kept = shown;
    Ok(i64::try_from(withheld).unwrap_or(i64::MAX))
}

/// The rows of a list in the content.
pub fn listed<C: DeserializeOwned>(case: &Value, list: &str) -> ApiResult<Vec<C>> {
    let kept = case.get(list).cloned().unwrap_or_default();
    serde_json::from_value(kept).map_err(ApiError::fault)
}

/// A transfer whose record is for the caller: 403 for whom it is not.
pub fn own(reader: &mut Reader<'_>, id: TransferId) -> ApiResult<TransferRow> {
    let row: TransferRow = two_sided::find(reader, id)?;
    let sides = two_sided::require(&row, &reader.rights, Action::Read)?;
    let may = reader.rights.may_at(Action::Read, Resource::TransferRecords, &row.sending());
    if !(sides.contains(&Side::Sender) && may) {
        let detail = "the record is for who worked with the case where it was";
        return Err(ApiError::forbidden(detail).about(row.id.0));
    }
    Ok(row)
}

/// What is kept, with when it was; 404 where there is none.
fn content(reader: &mut Reader<'_>, row: &TransferRow) -> ApiResult<(Content, Timestamp)> {
    let kept: Option<(Json, Timestamp)> = transfer_records::table
        .find(row.id)
        .select((transfer_records::content, transfer_records::frozen_at))
        .first(reader.connection)
        .optional()?;
    let (content, frozen_at) = kept.ok_or_else(ApiError::not_found)?;
    Ok((content.read().map_err(ApiError::fault)?, frozen_at))
}

/// The case alone; 404 where nothing is kept.
pub fn case(reader: &mut Reader<'_>, row: &TransferRow) -> ApiResult<(Value, Timestamp)> {
    content(reader, row).map(|(content, frozen_at)| (content.case, frozen_at))
}

/// Says of each file where its content is read.
fn address(app: &App, case: &mut Value, row: &TransferRow) -> ApiResult<()> {
    let files: Vec<Attachment> = listed(case, "attachments")?;
    let Some(Value::Array(kept)) = case.get_mut("attachments") else { return Ok(()) };
    for (file, told) in files.iter().zip(kept.iter_mut()).filter(|(file, _)| file.status == AttachmentStatus::Stored) {
        let path = format!("/transfers/{}/record/attachments/{}/content", row.id, file.id);
        if let Some(members) = told.as_object_mut() {
            members.insert("content".into(), app.address(&path).into());
        }
    }
    Ok(())
}

/// Read the case as it was when it went.
///
/// For who worked with it where it was, once the transfer was accepted: before that there is none (404). What was changed or added since
/// is not in it. Each reading is recorded.
#[utoipa::path(
    tag = "Transfers",
    params(("transfer_id" = TransferId, Path, description = "The transfer.")),
    responses((status = 200, description = "The case as it was.", body = TransferRecord))
)]
#[get("/transfers/{transfer_id}/record")]
pub async fn read_transfer_record(
    door: Door,
    caller: Caller<actions::Read, resources::TransferRecords>,
    id: Id<TransferId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_transfer_record", caller, move |reader| {
        let row = own(reader, id.0)?;
        let (Content { person, legal_statuses, contacts, mut case, referrals }, frozen_at) = content(reader, &row)?;
        let reaches = reader.rights.may_at(Action::Read, Resource::People, &where_was(&person)?);
        let (person, legal_statuses, contacts) =
            if reaches { (Some(person), legal_statuses, contacts) } else { (None, Vec::new(), Vec::new()) };
        let withheld_notes = withhold::<Note>(&mut case, "notes", &reader.rights, &row)?;
        let withheld_attachments = withhold::<Attachment>(&mut case, "attachments", &reader.rights, &row)?;
        address(reader.app, &mut case, &row)?;
        // Who asks of the case who has seen it finds this, too.
        reader.shows(Resource::TransferRecords, [row.id.0, row.case_id.0, row.person_id.0]);
        let record = TransferRecord {
            transfer_id: row.id,
            frozen_at,
            person,
            legal_statuses,
            contacts,
            case,
            referrals,
            withheld_notes,
            withheld_attachments,
        };
        reader.answer_row(1, &held, &Fields::default(), "", &record)
    })
    .await
}
