//! What a request is answered that cannot be fulfilled (SDMX REST 1.5, 4.8, "Error handling").

use std::io;

use crate::xml::{COMMON, MESSAGE, Xml};

/// Codes of errors, and the HTTP status that each goes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    NoResultsFound,
    Unauthorized,
    ResponseTooLargeDueToRequest,
    SyntaxError,
    SemanticError,
    InternalServerError,
    NotImplemented,
    ServiceUnavailable,
    ResponseSizeExceedsServiceLimit,
}

impl ErrorCode {
    /// The number of SDMX.
    pub fn number(self) -> u16 {
        match self {
            Self::NoResultsFound => 100,
            Self::Unauthorized => 110,
            Self::ResponseTooLargeDueToRequest => 130,
            Self::SyntaxError => 140,
            Self::SemanticError => 150,
            Self::InternalServerError => 500,
            Self::NotImplemented => 501,
            Self::ServiceUnavailable => 503,
            Self::ResponseSizeExceedsServiceLimit => 510,
        }
    }

    pub fn http_status(self) -> u16 {
        match self {
            Self::NoResultsFound => 404,
            Self::Unauthorized => 401,
            Self::ResponseTooLargeDueToRequest | Self::ResponseSizeExceedsServiceLimit => 413,
            Self::SyntaxError => 400,
            Self::SemanticError => 403,
            Self::InternalServerError => 500,
            Self::NotImplemented => 501,
            Self::ServiceUnavailable => 503,
        }
    }
}

/// An error in words, in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorMessage {
    pub code: ErrorCode,
    /// A language tag.
    pub language: String,
    pub text: String,
}

impl ErrorMessage {
    /// The media type of [`Self::to_xml`]: SDMX names none for errors.
    pub const CONTENT_TYPE: &str = "application/xml";

    /// The message `mes:Error`.
    pub fn to_xml(&self) -> io::Result<Vec<u8>> {
        let mut xml = Xml::document()?;
        xml.open("mes:Error", [MESSAGE, COMMON])?;
        xml.open("mes:ErrorMessage", [("code", self.code.number().to_string().as_str())])?;
        xml.text("com:Text", [("xml:lang", self.language.as_str())], &self.text)?;
        xml.close("mes:ErrorMessage")?;
        xml.close("mes:Error")?;
        Ok(xml.into_bytes())
    }
}
