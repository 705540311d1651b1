//! What contents can be: their media types and sizes.

use approdo_db::text_enum;
use utoipa::ToSchema;

/// Bytes a content may have in any deployment: 100 MiB.
pub const MAX_SIZE: i64 = 100 * 1024 * 1024;

text_enum! {
    /// What a content can be (IANA media types). Nothing that a program is run from.
    #[derive(ToSchema)]
    MediaType {
        /// ISO 32000.
        Pdf = "application/pdf",
        Jpeg = "image/jpeg",
        Png = "image/png",
        Webp = "image/webp",
        /// In UTF-8.
        Text = "text/plain",
        /// A text document (ISO/IEC 29500).
        Docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        /// A spreadsheet (ISO/IEC 29500).
        Xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        /// A text document (ISO/IEC 26300).
        Odt = "application/vnd.oasis.opendocument.text",
        /// A spreadsheet (ISO/IEC 26300).
        Ods = "application/vnd.oasis.opendocument.spreadsheet",
    }
}

impl MediaType {
    /// How names of such files end.
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &["pdf"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Png => &["png"],
            Self::Webp => &["webp"],
            Self::Text => &["txt", "text"],
            Self::Docx => &["docx"],
            Self::Xlsx => &["xlsx"],
            Self::Odt => &["odt"],
            Self::Ods => &["ods"],
        }
    }

    /// As an answer's `Content-Type` says it.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; charset=utf-8",
            other => other.as_str(),
        }
    }

    /// Whether a file of this name can be such a one: who opens it later goes by its name.
    pub fn suits(self, file_name: &str) -> bool {
        let ending = file_name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        ending.is_some_and(|ending| self.extensions().contains(&ending.as_str()))
    }
}
