//! What an attachment is, how it is declared and edited.

use approdo_db::schema::attachments;
use approdo_db::{Timestamp, define_id, text_enum};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::access::PrincipalId;
use crate::cases::confidentiality::{Confidential, Confidentiality};
use crate::cases::types::{CaseId, CaseRow};
use crate::child;
use crate::contents::media::MediaType;
use crate::http::{Checked, Patch};
use crate::page_of;
use crate::paged_query;

/// Characters a title may have.
pub const MAX_TITLE: usize = 200;

define_id! {
    /// The id of an attachment.
    #[derive(ToSchema)]
    AttachmentId;
}

text_enum! {
    /// How far an attachment is.
    #[derive(ToSchema)]
    AttachmentStatus {
        /// Declared; its content has not come yet.
        AwaitingContent = "awaiting_content",
        /// Its content is there and stays as it is.
        Stored = "stored",
    }
}

/// An attachment of a case.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = attachments, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Attachment {
    pub id: AttachmentId,
    pub case_id: CaseId,
    #[schema(min_length = 1, max_length = 255)]
    pub file_name: String,
    pub media_type: MediaType,
    /// In bytes.
    #[schema(minimum = 1, maximum = 104_857_600)]
    pub size: i64,
    /// The content's SHA-256, in hexadecimal.
    #[schema(min_length = 64, max_length = 64, pattern = "^[0-9a-f]{64}$")]
    pub sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub title: Option<String>,
    pub confidentiality: Confidentiality,
    pub author_id: PrincipalId,
    pub status: AttachmentStatus,
    /// When its content came.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stored_at: Option<Timestamp>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The object that holds its content, where that is not in the database: nobody's business but the store's.
    #[serde(skip)]
    #[schema(ignore)]
    pub object_key: Option<String>,
}

child!(Attachment, AttachmentId, attachments, "attachment", Attachments; of CaseRow, case_id in cases);

impl Confidential for Attachment {
    // What was attached wrongly must not wait for a colleague who has left.
    const MANAGED: bool = true;
    const REFUSAL: &'static str = "only its author and the case manager change an attachment";

    fn confidentiality(&self) -> Confidentiality {
        self.confidentiality
    }

    fn author(&self) -> PrincipalId {
        self.author_id
    }
}

page_of! {
    /// A page of attachments.
    AttachmentPage of Attachment
}

/// A file to attach. Its content follows with `PUT /attachments/{attachment_id}/content`.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "file_name": "appointment.txt", "media_type": "text/plain", "size": 26,
    "sha256": "d925537e537fe0f63b4f805a950ac94fa8f2a731f24191b5854794f97122e544",
    "title": "Letter of the immigration office", "confidentiality": "normal"
}))]
pub struct NewAttachment {
    /// Without folders, and ending as files of this type do: `.pdf`, `.jpg` or `.jpeg`, `.png`, `.webp`, `.txt` or `.text`, `.docx`,
    /// `.xlsx`, `.odt`, `.ods`. No control characters, and none that turn the direction of writing around.
    #[validate(length(min = 1, max = 255), custom(function = "plain_name"))]
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = r"^[^/\\\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]+$"
    )]
    pub file_name: String,
    pub media_type: MediaType,
    /// In bytes; a deployment may take less than the maximum here.
    #[validate(range(min = 1, max = 104_857_600))]
    #[schema(minimum = 1, maximum = 104_857_600)]
    pub size: i64,
    /// The content's SHA-256, in hexadecimal.
    #[validate(custom(function = "hexadecimal"))]
    #[schema(min_length = 64, max_length = 64, pattern = "^[0-9a-f]{64}$")]
    pub sha256: String,
    #[validate(length(min = 1, max = 200))]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub title: Option<String>,
    /// `normal` when absent.
    #[schema(nullable = false)]
    pub confidentiality: Option<Confidentiality>,
}

impl Checked for NewAttachment {}

// Also what lets a name read otherwise than it is (Unicode TR 36, 3.2).
fn plain_name(name: &str) -> Result<(), ValidationError> {
    let refused =
        |c: char| c.is_control() || matches!(c, '/' | '\\' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    if name.contains(refused) {
        let told = "must have no path separators, control characters or changes of direction";
        return Err(ValidationError::new("file_name").with_message(told.into()));
    }
    Ok(())
}

fn hexadecimal(digest: &str) -> Result<(), ValidationError> {
    if digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)) {
        Ok(())
    } else {
        Err(ValidationError::new("sha256").with_message("must be 64 hexadecimal digits in small letters".into()))
    }
}

/// What of an attachment can be edited. What it is called and what is in it stays.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"title": "Letter of 12 March", "confidentiality": "restricted"}))]
pub struct AttachmentPatch {
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub title: Patch<String>,
    #[schema(required = false, value_type = Confidentiality)]
    #[serde(default)]
    pub confidentiality: Patch<Confidentiality>,
}

impl Checked for AttachmentPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

paged_query! {
    /// How to list a case's attachments.
    AttachmentQuery {}
}
