//! The files of a case as it was when it went.

use std::sync::Arc;

use actix_web::get;
use approdo_db::schema::attachments;
use diesel::prelude::*;

use crate::access::Resource;
use crate::access::caller::{Caller, actions, resources};
use crate::attachments::content::{Again, Opened, give};
use crate::attachments::types::{Attachment, AttachmentId};
use crate::cases::confidentiality;
use crate::error::{ApiError, ApiResult};
use crate::http::path::Ids;
use crate::http::{Answer, Door, IfNoneMatch, Reader};
use crate::offers::two_sided::TwoSided as _;
use crate::transfers::frozen;
use crate::transfers::types::TransferId;

/// Read the content of a file in the record.
///
/// For who worked with the case where it was, as long as the case still has the file: 404 once it was deleted there, and for one that came
/// after. The access is recorded before the first byte leaves.
#[utoipa::path(
    tag = "Transfers",
    params(
        ("transfer_id" = TransferId, Path, description = "The transfer."),
        ("attachment_id" = AttachmentId, Path, description = "The attachment, as it is listed in the record."),
    ),
    responses((status = 200, description = "The content.")),
    extensions(("x-content" = json!("given")))
)]
#[get("/transfers/{transfer_id}/record/attachments/{attachment_id}/content")]
pub async fn read_transfer_record_content(
    door: Door,
    caller: Caller<actions::Read, resources::TransferRecords>,
    ids: Ids<TransferId, AttachmentId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    let desk = door.desk("read_transfer_record_content", &caller);
    let Ids(transfer, attachment) = ids;
    give(&door, desk, &held, move |reader| {
        let row = frozen::own(reader, transfer)?;
        let (mut case, _) = frozen::case(reader, &row)?;
        frozen::withhold::<Attachment>(&mut case, "attachments", &reader.rights, &row)?;
        let listed = frozen::listed::<Attachment>(&case, "attachments")?;
        let as_it_was = listed.into_iter().find(|kept| kept.id == attachment).ok_or_else(ApiError::not_found)?;
        // Whether it is stored is said as it was; where, as it is.
        let object_key = where_it_is(reader, attachment)?;
        reader.shows(Resource::TransferRecords, [row.id.0, row.case_id.0, row.person_id.0, attachment.0]);
        let kept = as_it_was.clone();
        let again: Again = Arc::new(move |reader| {
            let row = frozen::own(reader, transfer)?;
            if !confidentiality::in_sight_at(&kept, &reader.rights, &row.sending(), row.case_manager_id) {
                return Err(ApiError::not_found());
            }
            where_it_is(reader, attachment).map(drop)
        });
        Ok(Opened { row: Attachment { object_key, ..as_it_was }, again })
    })
    .await
}

/// The object that holds it, where that is not in the database; 404 where it was deleted.
fn where_it_is(reader: &mut Reader<'_>, id: AttachmentId) -> ApiResult<Option<String>> {
    let kept = attachments::table.find(id).select(attachments::object_key).first(reader.connection).optional()?;
    kept.ok_or_else(ApiError::not_found)
}
