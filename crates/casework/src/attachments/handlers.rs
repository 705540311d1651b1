//! What is told of attachments; their contents are in `content`.

use actix_web::{delete, get, patch, post};
use approdo_db::schema::{attachments, consents};
use diesel::prelude::*;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::aggregate;
use crate::attachments::store;
use crate::attachments::types::{
    Attachment, AttachmentId, AttachmentPage, AttachmentPatch, AttachmentQuery, AttachmentStatus, MAX_TITLE,
    NewAttachment,
};
use crate::cases::confidentiality::{self, Confidentiality, changeable, in_sight};
use crate::cases::handlers::refuse_unless_open;
use crate::cases::types::{CaseId, CaseRow};
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::patch::Edit;
use crate::http::{Answer, Body, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters};
use crate::work::Unit;

/// List a case's attachments.
///
/// Oldest first, those that are for your eyes, also those whose content has not come yet.
#[utoipa::path(
    tag = "Cases",
    params(("case_id" = CaseId, Path, description = "The case."), AttachmentQuery),
    responses((status = 200, description = "A page.", body = AttachmentPage))
)]
#[get("/cases/{case_id}/attachments")]
pub async fn list_attachments(
    door: Door,
    caller: Caller<actions::List, resources::Attachments>,
    id: Id<CaseId>,
    query: Parameters<AttachmentQuery>,
) -> ApiResult<Answer> {
    door.read("list_attachments", caller, move |reader| {
        let (page, _) = aggregate::list(
            reader,
            id.0,
            &query,
            |reader, _: &AttachmentQuery, case: &CaseRow, after: AttachmentId, limit| {
                // The same as `in_sight`, before the limit: a page is full although some are not for this caller.
                let principal = reader.rights.principal;
                let kinds = confidentiality::of_others(case.case_manager_id, principal);
                let own = attachments::author_id.eq(principal);
                let mut rows: Vec<Attachment> = attachments::table
                    .filter(attachments::case_id.eq(case.id))
                    .filter(attachments::id.gt(after))
                    .filter(own.or(attachments::confidentiality.eq_any(kinds.to_vec())))
                    .order(attachments::id)
                    .limit(limit)
                    .load(reader.connection)?;
                rows.retain(|row| in_sight(row, &reader.rights, case));
                Ok(rows)
            },
        )?;
        Answer::ok(&AttachmentPage::from(page))
    })
    .await
}

/// Declare an attachment.
///
/// While the case is open. Its content follows with `PUT /attachments/{attachment_id}/content` and must be what is declared here.
#[utoipa::path(
    tag = "Cases",
    params(("case_id" = CaseId, Path, description = "The case.")),
    request_body = NewAttachment,
    responses((status = 201, description = "The attachment, awaiting its content.", body = Attachment))
)]
#[post("/cases/{case_id}/attachments")]
pub async fn create_attachment(
    door: Door,
    caller: Caller<actions::Create, resources::Attachments>,
    id: Id<CaseId>,
    body: Body<NewAttachment>,
) -> ApiResult<Answer> {
    door.write("create_attachment", caller, Some(body.fingerprint()), move |unit| {
        let (row, _) = aggregate::create(unit, id.0, &body, declare)?;
        unit.created(&format!("/attachments/{}", row.id), row.version, &row)
    })
    .await
}

fn declare(unit: &mut Unit<'_>, id: AttachmentId, case: &CaseRow, new: NewAttachment) -> ApiResult<Attachment> {
    let most = unit.app.attachments.limit;
    if new.size > most {
        return Err(ApiError::invalid_member("size", format!("must be at most {most}, the limit of this deployment")));
    }
    if !new.media_type.suits(&new.file_name) {
        let endings = new.media_type.extensions().join(" or .");
        return Err(ApiError::invalid_member("file_name", format!("must end in .{endings}, as files of this type do")));
    }
    refuse_unless_open(case)?;
    let row = Attachment {
        id,
        case_id: case.id,
        file_name: new.file_name,
        media_type: new.media_type,
        size: new.size,
        sha256: new.sha256,
        title: new.title,
        confidentiality: new.confidentiality.unwrap_or(Confidentiality::Normal),
        author_id: unit.rights.principal,
        status: AttachmentStatus::AwaitingContent,
        stored_at: None,
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
        object_key: None,
    };
    const MEMBERS: [&str; 9] =
        ["case_id", "file_name", "media_type", "size", "sha256", "title", "confidentiality", "author_id", "status"];
    aggregate::add(unit, &row, case, &MEMBERS)?;
    Ok(row)
}

/// Read an attachment.
///
/// What is told of it, not its content. One that is for your eyes; another one is 404.
#[utoipa::path(
    tag = "Cases",
    params(("attachment_id" = AttachmentId, Path, description = "The attachment.")),
    responses((status = 200, description = "The attachment.", body = Attachment))
)]
#[get("/attachments/{attachment_id}")]
pub async fn read_attachment(
    door: Door,
    caller: Caller<actions::Read, resources::Attachments>,
    id: Id<AttachmentId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_attachment", caller, move |reader| {
        let (row, case): (Attachment, CaseRow) = confidentiality::visible(reader, Action::Read, id.0)?;
        reader.shows(Resource::Cases, [case.id.0]);
        reader.answer_row(row.version, &held, &Fields::default(), "", &row)
    })
    .await
}

/// Edit an attachment.
///
/// Its title and for whom it is: by its author or the case manager, while the case is open. What it is called and its content stay.
#[utoipa::path(
    tag = "Cases",
    params(("attachment_id" = AttachmentId, Path, description = "The attachment.")),
    request_body(content = AttachmentPatch, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "The attachment as it is now.", body = Attachment))
)]
#[patch("/attachments/{attachment_id}")]
pub async fn edit_attachment(
    door: Door,
    caller: Caller<actions::Edit, resources::Attachments>,
    id: Id<AttachmentId>,
    if_match: IfMatch,
    body: Body<AttachmentPatch>,
) -> ApiResult<Answer> {
    door.write("edit_attachment", caller, None, move |unit| {
        let (mut row, case): (Attachment, CaseRow) = changeable(unit, Action::Edit, id.0)?;
        let patch = body.read()?;
        if_match.check(row.version)?;
        refuse_unless_open(&case)?;
        let mut edit = Edit::default();
        edit.bounded("title", &patch.title, MAX_TITLE);
        edit.optional("title", &mut row.title, patch.title);
        edit.required("confidentiality", &mut row.confidentiality, patch.confidentiality);
        let changed = edit.finish()?;
        aggregate::save(unit, &mut row, &case, changed)?;
        unit.edited(row.version, &row)
    })
    .await
}

/// Delete an attachment.
///
/// By its author or the case manager, while the case is open. Its content is gone with it; what was told of it stays in the history
/// until it is erased. One that proves a consent is 409.
#[utoipa::path(
    tag = "Cases",
    params(("attachment_id" = AttachmentId, Path, description = "The attachment.")),
    responses((status = 204, description = "It is gone."))
)]
#[delete("/attachments/{attachment_id}")]
pub async fn delete_attachment(
    door: Door,
    caller: Caller<actions::Delete, resources::Attachments>,
    id: Id<AttachmentId>,
    if_match: IfMatch,
) -> ApiResult<Answer> {
    door.write("delete_attachment", caller, None, move |unit| {
        let (row, case): (Attachment, CaseRow) = changeable(unit, Action::Delete, id.0)?;
        if_match.check(row.version)?;
        refuse_unless_open(&case)?;
        refuse_evidence(unit, row.id)?;
        store::release(unit, &row)?;
        aggregate::remove(unit, &row, &case)?;
        Ok(Answer::no_content())
    })
    .await
}

/// 409 for what a consent is shown by (GDPR art. 7(1)).
fn refuse_evidence(unit: &mut Unit<'_>, id: AttachmentId) -> ApiResult<()> {
    let proved = consents::table.filter(consents::evidence_attachment_id.eq(id)).count();
    if proved.get_result::<i64>(unit.connection)? == 0 {
        return Ok(());
    }
    let detail = "a consent is shown by it, also when that has ended: it stays";
    Err(ApiError::unmet(vec![UnmetGuard::new("not_evidence", detail)]))
}
