//! Contents of files that come in: taken in as a whole or not at all, looked into, and kept in the database or in an S3 store
//! (docs/attachments.md).

pub mod inspection;
pub mod intake;
pub mod media;
pub mod places;
pub mod s3;
pub mod transfers;

use std::sync::Arc;

use approdo_db::Connection;
use approdo_db::schema::{attachments, stray_objects};
use diesel::prelude::*;

use crate::config::AttachmentArgs;
use crate::contents::places::Places;
use crate::contents::s3::S3;
use crate::contents::transfers::Transfers;
use crate::error::StartError;

/// What a process goes by in its work with attachments.
pub struct Attachments {
    /// Bytes a content may have.
    pub limit: i64,
    /// Bytes an office document may have when it is unpacked.
    pub inflated_limit: u64,
    pub transfers: Transfers,
    /// For contents, and for files to import.
    pub intakes: Places,
    /// Where new contents are kept, if not in the database.
    pub objects: Option<Arc<S3>>,
}

impl Attachments {
    /// By default an office document may be ten times as large unpacked as a content may be: XML shrinks to a tenth or so.
    pub fn new(args: &AttachmentArgs) -> Result<Self, StartError> {
        let limit = args.attachment_limit;
        let tenfold = u64::try_from(limit).unwrap_or_default().saturating_mul(10);
        let inflated_limit = args.attachment_inflated_limit.unwrap_or(tenfold);
        let objects = S3::of(args)?.map(Arc::new);
        Ok(Self { limit, inflated_limit, transfers: Transfers::default(), intakes: Places::of_intakes(), objects })
    }

    /// Whether contents can be kept, and those that are kept be read; a sentence for whoever starts the server where not.
    pub fn check(&self, connection: &mut Connection) -> Result<(), StartError> {
        if let Some(objects) = &self.objects {
            return objects.check();
        }
        let elsewhere = attachments::table.filter(attachments::object_key.is_not_null()).count();
        let kept: i64 = elsewhere.get_result(connection)?;
        let to_sweep: i64 = stray_objects::table.count().get_result(connection)?;
        if kept + to_sweep == 0 {
            return Ok(());
        }
        let told = format!(
            "{kept} attachments have their content in an S3 store, and {to_sweep} objects are to be removed from it"
        );
        Err(format!("{told}: name it by --attachment-store").into())
    }
}
