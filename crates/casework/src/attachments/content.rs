//! Contents of attachments: taken in once, whole or not at all, and read portion by portion.

use std::sync::Arc;

use actix_web::http::header::{self, HeaderName};
use actix_web::{get, put};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::stream;
use sha2::{Digest as _, Sha256};

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::aggregate::{self, Root as _};
use crate::app::App;
use crate::attachments::store::{self, Incoming};
use crate::attachments::types::{Attachment, AttachmentId, AttachmentStatus};
use crate::cases::confidentiality::{self, changeable};
use crate::cases::handlers::refuse_unless_open;
use crate::cases::types::CaseRow;
use crate::contents::inspection::{self, Limits};
use crate::contents::intake::{self, Arrived, hexadecimal};
use crate::error::{ApiError, ApiResult};
use crate::http::content::disposition;
use crate::http::door::{Desk, not_acceptable};
use crate::http::formats::accepts;
use crate::http::{Answer, Content, ContentHead, Door, Id, IfMatch, IfNoneMatch, Reader};
use crate::work::Unit;

/// Send an attachment's content.
///
/// The bytes themselves, in the media type declared. Kept only when they are as many as declared, have the digest declared (422) and are
/// what their type says (422, see docs/attachments.md); more than declared are 413. Once kept, a content does not change: sending the same
/// again has the same answer, another one is 409.
#[utoipa::path(
    tag = "Cases",
    params(("attachment_id" = AttachmentId, Path, description = "The attachment.")),
    responses((status = 200, description = "The attachment, its content stored.", body = Attachment)),
    extensions(("x-content" = json!("taken")))
)]
#[put("/attachments/{attachment_id}/content")]
pub async fn replace_attachment_content(
    door: Door,
    caller: Caller<actions::Edit, resources::Attachments>,
    id: Id<AttachmentId>,
    if_match: IfMatch,
    content: Content,
) -> ApiResult<Answer> {
    let (form, desk) = (door.require_fit(), door.desk("replace_attachment_content", &caller));
    let Content { head, payload } = content;
    let precondition = if_match.clone();
    // Whether it may be sent at all is known before the first byte is taken in.
    let awaited = desk.read(form.clone(), move |reader| awaited(reader, id.0, &head, &precondition)).await?;
    let _place = desk.app.attachments.intakes.take()?;
    let arrived = intake::receive(payload, awaited.row.size).await?;
    awaited.require_same(&arrived)?;
    if awaited.row.status == AttachmentStatus::Stored {
        return Ok(Answer::ok(&awaited.row)?.etag(awaited.tag));
    }
    let arrived = inspected(&desk.app, &awaited.row, arrived).await?;
    let mut incoming = Incoming::of(&desk.app, arrived).await?;
    let object = incoming.object();
    let outcome = desk.write(form, None, move |unit| keep(unit, id.0, &if_match, &mut incoming)).await;
    if let (Err(_), Some(key)) = (&outcome, object) {
        store::withdraw(desk.app.clone(), key).await;
    }
    outcome
}

/// An attachment to which a content is sent.
struct Awaited {
    row: Attachment,
    tag: String,
}

fn awaited(reader: &mut Reader<'_>, id: AttachmentId, head: &ContentHead, if_match: &IfMatch) -> ApiResult<Awaited> {
    let (row, case): (Attachment, CaseRow) = confidentiality::visible(reader, Action::Edit, id)?;
    confidentiality::require_change(&row, &reader.rights, &case)?;
    head.require(row.media_type.as_str())?;
    if head.length.is_some_and(|length| length > row.size) {
        return Err(intake::too_large(row.size));
    }
    if row.status == AttachmentStatus::Stored {
        // Who repeats what has been done may hold the tag from before (RFC 9110, 13.1.1).
        if_match.require_sent(row.version)?;
    } else {
        if_match.check(row.version)?;
        case.require_workable()?;
        refuse_unless_open(&case)?;
    }
    let tag = reader.view("", "").tag(row.version);
    Ok(Awaited { row, tag })
}

impl Awaited {
    /// 422 for what is not the content that was declared, 409 where that one is stored already.
    fn require_same(&self, arrived: &Arrived) -> ApiResult<()> {
        let (size, digest) = (arrived.size == self.row.size, arrived.sha256 == self.row.sha256);
        match (self.row.status, size, digest) {
            (_, true, true) => Ok(()),
            (AttachmentStatus::Stored, ..) => Err(ApiError::conflict("its content is stored and does not change")),
            (_, false, _) => Err(ApiError::invalid_content(format!(
                "{} bytes were declared, and {} were sent",
                self.row.size, arrived.size
            ))),
            (_, _, false) => Err(ApiError::invalid_content("has another SHA-256 than the one declared")),
        }
    }
}

/// The content, if it is what its type says.
async fn inspected(app: &Arc<App>, row: &Attachment, mut arrived: Arrived) -> ApiResult<Arrived> {
    let (media_type, limits) = (row.media_type, Limits { inflated: app.attachments.inflated_limit });
    app.attachments
        .transfers
        .run(move || {
            inspection::inspect(&mut arrived.file, media_type, limits)?;
            Ok(arrived)
        })
        .await
}

fn keep(unit: &mut Unit<'_>, id: AttachmentId, if_match: &IfMatch, incoming: &mut Incoming) -> ApiResult<Answer> {
    let (mut row, case): (Attachment, CaseRow) = changeable(unit, Action::Edit, id)?;
    // The same content may have come another way meanwhile.
    if row.status == AttachmentStatus::Stored {
        incoming.discard(unit)?;
    } else {
        if_match.check(row.version)?;
        refuse_unless_open(&case)?;
        incoming.keep(unit, &mut row)?;
        row.status = AttachmentStatus::Stored;
        row.stored_at = Some(unit.now);
        aggregate::save(unit, &mut row, &case, vec!["status", "stored_at"])?;
    }
    unit.edited(row.version, &row)
}

/// Read an attachment's content.
///
/// The bytes as they were sent, to be saved as a file. 404 until they are there. The access is recorded before the first byte leaves.
#[utoipa::path(
    tag = "Cases",
    params(("attachment_id" = AttachmentId, Path, description = "The attachment.")),
    responses((status = 200, description = "The content.")),
    extensions(("x-content" = json!("given")))
)]
#[get("/attachments/{attachment_id}/content")]
pub async fn read_attachment_content(
    door: Door,
    caller: Caller<actions::Read, resources::Attachments>,
    id: Id<AttachmentId>,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    let desk = door.desk("read_attachment_content", &caller);
    give(&door, desk, &held, move |reader| {
        let (row, case): (Attachment, CaseRow) = confidentiality::visible(reader, Action::Read, id.0)?;
        reader.shows(Resource::Cases, [case.id.0]);
        // On the case as it is now.
        let again: Again =
            Arc::new(move |reader| confidentiality::visible::<Attachment>(reader, Action::Read, id.0).map(drop));
        Ok(Opened { row, again })
    })
    .await
}

/// Gives a content to who may have it: asked when it is opened, and again, with the caller's present rights, before each portion.
pub async fn give(
    door: &Door,
    desk: Desk,
    held: &IfNoneMatch,
    open: impl Fn(&mut Reader<'_>) -> ApiResult<Opened> + Send + 'static,
) -> ApiResult<Answer> {
    let (accept, head) = (door.accept(), door.is_head());
    let opened = move |reader: &mut Reader<'_>| {
        let opened = open(reader)?;
        if opened.row.status != AttachmentStatus::Stored {
            return Err(ApiError::not_found());
        }
        if !accepts(accept.as_deref(), opened.row.media_type.as_str()) {
            return Err(not_acceptable(&[opened.row.media_type.as_str()]));
        }
        let tag = reader.view("", "content").tag(opened.row.version);
        Ok((opened, tag))
    };
    let (opened, tag) = desk.read(door.require_fit_but_accept(), opened).await?;
    if held.holds(&tag) {
        return Ok(Answer::not_modified(tag));
    }
    let Opened { row, .. } = &opened;
    let length = u64::try_from(row.size).map_err(ApiError::fault)?;
    let (content_type, headers) = (row.media_type.content_type(), headers(row));
    let answer = if head {
        Answer::file(content_type, length, Box::pin(stream::empty()))
    } else {
        Answer::file(content_type, length, Portions::begin(desk, opened).await?)
    };
    Ok(headers.into_iter().fold(answer.etag(tag), |answer, (name, value)| answer.header(name, value)))
}

/// Whether the caller may still have a content.
pub type Again = Arc<dyn Fn(&mut Reader<'_>) -> ApiResult<()> + Send + Sync>;

/// A content that may be read.
pub struct Opened {
    pub row: Attachment,
    pub again: Again,
}

/// What a browser is told: to save it, and that nothing in it may run.
fn headers(row: &Attachment) -> [(HeaderName, String); 3] {
    let digest = row.sha256.as_bytes().chunks(2).filter_map(|pair| {
        let pair = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok()
    });
    let digest = BASE64_STANDARD.encode(digest.collect::<Vec<u8>>());
    [
        (header::CONTENT_DISPOSITION, disposition(&row.file_name)),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
        // RFC 9530.
        (HeaderName::from_static("repr-digest"), format!("sha-256=:{digest}:")),
    ]
}

/// A content on its way: nothing of it is held but one portion, and no connection while the reader takes its time.
struct Portions {
    desk: Desk,
    opened: Arc<Opened>,
    position: i64,
    sent: i64,
    digest: Sha256,
}

impl Portions {
    /// Reads the first portion, so that what is wrong with the store is answered as a problem.
    async fn begin(desk: Desk, opened: Opened) -> ApiResult<crate::http::answer::Chunks> {
        let mut this = Self { desk, opened: Arc::new(opened), position: 0, sent: 0, digest: Sha256::new() };
        let first = this.next().await?;
        let rest = stream::try_unfold(this, |mut this| async move {
            if this.sent >= this.opened.row.size {
                return Ok(None);
            }
            let portion = this.next().await.inspect_err(|error| this.broke_off(error))?;
            Ok(Some((portion, this)))
        });
        let first = stream::once(std::future::ready(Ok(first)));
        Ok(Box::pin(futures_util::StreamExt::chain(first, rest)))
    }

    async fn next(&mut self) -> ApiResult<actix_web::web::Bytes> {
        let (opened, position) = (self.opened.clone(), self.position);
        let read = move |reader: &mut Reader<'_>| {
            (opened.again)(reader)?;
            match opened.row.object_key {
                Some(_) => Ok(None),
                None => store::portion(reader, opened.row.id, position).map(Some),
            }
        };
        let portion = match self.desk.read(Ok(()), read).await? {
            Some(portion) => portion,
            None => self.object_portion().await?,
        };
        self.digest.update(&portion);
        self.position += 1;
        self.sent += i64::try_from(portion.len()).map_err(ApiError::fault)?;
        self.require_intact()?;
        Ok(portion.into())
    }

    /// The next portion of an object: asked for by itself, so that no connection to the store waits for the reader.
    async fn object_portion(&self) -> ApiResult<Vec<u8>> {
        let attachments = &self.desk.app.attachments;
        let key = self.opened.row.object_key.clone().unwrap_or_default();
        let objects =
            attachments.objects.clone().ok_or_else(|| ApiError::fault("the store of attachments is not named"))?;
        let from = self.sent;
        attachments.transfers.run(move || objects.read(&key, from, store::OBJECT_PORTION)).await
    }

    /// A content that is not what was taken in is not given out to its end.
    fn require_intact(&self) -> ApiResult<()> {
        let Attachment { id, size, sha256, .. } = &self.opened.row;
        if self.sent < *size || (self.sent == *size && hexadecimal(&self.digest.clone().finalize()) == *sha256) {
            Ok(())
        } else {
            Err(ApiError::fault(format!("the content of attachment {id} is damaged where it is kept")))
        }
    }

    /// Says in the log why a content ends early: its reader sees a broken connection only.
    fn broke_off(&self, error: &ApiError) {
        let cause = error.cause().unwrap_or("no further cause");
        log::error!("the content of request {} broke off: {error}: {cause}", self.desk.context.id);
    }
}
