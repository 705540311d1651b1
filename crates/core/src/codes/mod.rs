//! Code lists: data, not code. Versioned, labelled in Italian, German and English, referenced by code. A code that was
//! chosen once stays readable: it can be retired, not taken away.

pub mod known;
pub mod lists;
pub mod versions;

pub use known::{Codes, KnownCodes, check, check_all, check_optional, of_changed, of_new};
pub use lists::ship;

use approdo_db::{Json, text_enum};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::http::request::Language;

text_enum! {
    /// What is to be known before a case of a target group goes from intake to assessment (domain K9: who comes from the
    /// Union and who has fled are asked different things).
    #[derive(ToSchema)]
    Requirement {
        /// The case says when the person arrived.
        ArrivedOn = "arrived_on",
        /// The person's citizenships are known.
        Citizenships = "citizenships",
        /// The person's date of birth is known.
        DateOfBirth = "date_of_birth",
        /// A legal status of the person holds today.
        LegalStatus = "legal_status",
        /// The person's languages are known.
        Languages = "languages",
    }
}

/// What a code is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    /// In Italian.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub it: String,
    /// In German.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub de: String,
    /// In English.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub en: String,
}

impl Labels {
    fn in_language(&self, language: Language) -> &str {
        match language {
            Language::It => &self.it,
            Language::De => &self.de,
            Language::En => &self.en,
        }
    }
}

/// A code as a version of its list keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Item {
    code: String,
    labels: Labels,
    #[serde(default)]
    retired: bool,
    #[serde(default)]
    requires: Vec<Requirement>,
}

fn items_of(document: Json) -> crate::error::ApiResult<Vec<Item>> {
    document.read().map_err(crate::error::ApiError::fault)
}
