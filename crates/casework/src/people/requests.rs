//! What requests say of a person: to register, to rectify, to find, to read one.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use validator::{Validate, ValidationError};

use crate::access::{OrganisationId, TerritoryId};
use crate::external_ids::ExternalId;
use crate::http::forms::{country_codes, language_code, language_codes, wrong};
use crate::http::texts::{CountryCode, LanguageCode};
use crate::http::{Checked, Patch, reading};

/// A person to register.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "owner_org_id": "01985b2e-0000-7000-8000-000000000001", "territory_id": "01985b2e-0000-7000-8000-000000000003",
    "given_name": "Олена", "family_name": "Шевчук", "given_name_latin": "OLENA", "family_name_latin": "SHEVCHUK",
    "date_of_birth": "1991-04-23", "citizenships": ["UA"], "languages": ["uk", "ru"], "interpreter_needed": true
}))]
pub struct NewPerson {
    /// One of your organisations.
    pub owner_org_id: OrganisationId,
    /// Where the person lives: a territory in your scope.
    pub territory_id: TerritoryId,
    /// A code of `target_groups`.
    #[validate(length(min = 1, max = 40))]
    #[schema(nullable = false, min_length = 1, max_length = 40)]
    pub target_group: Option<String>,
    /// As written in the person's documents, in any script.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub given_name: String,
    /// As written in the person's documents, in any script.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub family_name: String,
    /// In Latin letters as an authority writes it: the passport's machine-readable zone (ICAO Doc 9303, part 3, section 6).
    #[validate(length(min = 1, max = 200), custom(function = "latin_name"))]
    #[schema(nullable = false, min_length = 1, max_length = 200, pattern = "^[A-Za-z][A-Za-z '-]*$")]
    pub given_name_latin: Option<String>,
    /// In Latin letters as an authority writes it: the passport's machine-readable zone (ICAO Doc 9303, part 3, section 6).
    #[validate(length(min = 1, max = 200), custom(function = "latin_name"))]
    #[schema(nullable = false, min_length = 1, max_length = 200, pattern = "^[A-Za-z][A-Za-z '-]*$")]
    pub family_name_latin: Option<String>,
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub date_of_birth: Option<NaiveDate>,
    /// A code of `sexes`.
    #[validate(length(min = 1, max = 40))]
    #[schema(nullable = false, min_length = 1, max_length = 40)]
    pub sex: Option<String>,
    #[validate(length(min = 1, max = 32))]
    #[schema(nullable = false, min_length = 1, max_length = 32)]
    pub tax_code: Option<String>,
    #[validate(email, length(max = 254))]
    #[schema(nullable = false, max_length = 254, format = "email")]
    pub email: Option<String>,
    #[validate(length(min = 3, max = 40))]
    #[schema(nullable = false, min_length = 3, max_length = 40)]
    pub phone: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[serde(default)]
    #[validate(length(max = 10), custom(function = "country_codes"))]
    #[schema(value_type = Vec<CountryCode>, required = false, max_items = 10)]
    pub citizenships: Vec<String>,
    /// ISO 639-1, the best spoken first.
    #[serde(default)]
    #[validate(length(max = 20), custom(function = "language_codes"))]
    #[schema(value_type = Vec<LanguageCode>, required = false, max_items = 20)]
    pub languages: Vec<String>,
    /// Whether talks with the person need an interpreter; `false` when absent.
    #[schema(nullable = false)]
    pub interpreter_needed: Option<bool>,
    /// The language to interpret into (ISO 639-1), where an interpreter is needed and it is not the first of `languages`.
    #[validate(custom(function = "language_code"))]
    #[schema(nullable = false, min_length = 2, max_length = 2, pattern = "^[a-z]{2}$")]
    pub interpreter_language: Option<String>,
    /// What services must take into account (GDPR art. 9).
    #[validate(length(min = 1, max = 4000))]
    #[schema(nullable = false, min_length = 1, max_length = 4000)]
    pub health_needs: Option<String>,
    #[validate(length(min = 1, max = 4000))]
    #[schema(nullable = false, min_length = 1, max_length = 4000)]
    pub notes: Option<String>,
    /// What the person is called in other systems; each can be given once.
    #[serde(default)]
    #[validate(length(max = 20), nested)]
    #[schema(required = false, max_items = 20)]
    pub external_ids: Vec<ExternalId>,
}

impl Checked for NewPerson {}

/// A rectification of a person's data (GDPR art. 16); the history keeps what was.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"phone": "+39 0432 000000", "notes": null}))]
pub struct PersonPatch {
    /// Moves the person to another territory of your scope. The owner stays: only a transfer will change it, which this version
    /// does not have.
    #[schema(required = false, value_type = TerritoryId)]
    #[serde(default)]
    pub territory_id: Patch<TerritoryId>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 40)]
    #[serde(default)]
    pub target_group: Patch<String>,
    #[schema(required = false, value_type = String, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub given_name: Patch<String>,
    #[schema(required = false, value_type = String, min_length = 1, max_length = 200)]
    #[serde(default)]
    pub family_name: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 200, pattern = "^[A-Za-z][A-Za-z '-]*$")]
    #[serde(default)]
    pub given_name_latin: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 200, pattern = "^[A-Za-z][A-Za-z '-]*$")]
    #[serde(default)]
    pub family_name_latin: Patch<String>,
    #[schema(required = false, value_type = Option<NaiveDate>)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub date_of_birth: Patch<NaiveDate>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 40)]
    #[serde(default)]
    pub sex: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 32)]
    #[serde(default)]
    pub tax_code: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 254)]
    #[serde(default)]
    pub email: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 3, max_length = 40)]
    #[serde(default)]
    pub phone: Patch<String>,
    #[schema(required = false, value_type = Vec<CountryCode>, max_items = 10)]
    #[serde(default)]
    pub citizenships: Patch<Vec<String>>,
    #[schema(required = false, value_type = Vec<LanguageCode>, max_items = 20)]
    #[serde(default)]
    pub languages: Patch<Vec<String>>,
    #[schema(required = false, value_type = bool)]
    #[serde(default)]
    pub interpreter_needed: Patch<bool>,
    #[schema(required = false, value_type = Option<String>, min_length = 2, max_length = 2, pattern = "^[a-z]{2}$")]
    #[serde(default)]
    pub interpreter_language: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 4000)]
    #[serde(default)]
    pub health_needs: Patch<String>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 4000)]
    #[serde(default)]
    pub notes: Patch<String>,
    #[schema(required = false, value_type = Vec<ExternalId>, max_items = 20)]
    #[serde(default)]
    pub external_ids: Patch<Vec<ExternalId>>,
}

impl PersonPatch {
    /// Whether the person's relations may have to follow: to another place, or to another day of coming of age.
    pub fn concerns_relations(&self) -> bool {
        self.territory_id != Patch::Keep || self.target_group != Patch::Keep || self.date_of_birth != Patch::Keep
    }
}

impl Checked for PersonPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

/// Whom to look for. Names never stand in an address, so this is a body.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "shevchuk olena", "limit": 20}))]
pub struct PersonSearch {
    /// Beginnings of the words of a name, in any script and order; case and diacritics do not count.
    #[validate(length(min = 2, max = 200))]
    #[schema(min_length = 2, max_length = 200)]
    pub name: String,
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub date_of_birth: Option<NaiveDate>,
    #[validate(range(min = 1, max = 200))]
    #[schema(nullable = false, minimum = 1, maximum = 200, default = 50)]
    #[serde(default, deserialize_with = "reading::optional_whole")]
    pub limit: Option<i64>,
    #[validate(length(max = 1024))]
    #[schema(nullable = false, max_length = 1024)]
    pub cursor: Option<String>,
}

impl Checked for PersonSearch {}

/// How to read one person.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PersonReadQuery {
    /// Members to answer, separated by commas; all when absent.
    #[validate(length(min = 1, max = 400))]
    #[param(min_length = 1, max_length = 400, example = "id,version,languages")]
    pub fields: Option<String>,
}

/// Whether somebody alive today can have been born on this day: not in the future, and at most 150 years ago.
pub fn is_birth_date(date: NaiveDate, today: NaiveDate) -> bool {
    today.years_since(date).is_some_and(|years| years <= 150)
}

/// What a machine-readable zone can hold of a name: Latin letters without diacritics (ICAO Doc 9303, part 3). Hyphens and
/// apostrophes are taken as well, because the page above the zone keeps them.
pub fn latin_name(name: &str) -> Result<(), ValidationError> {
    let begins = name.starts_with(|first: char| first.is_ascii_alphabetic());
    if begins && name.chars().all(|letter| letter.is_ascii_alphabetic() || matches!(letter, ' ' | '\'' | '-')) {
        Ok(())
    } else {
        Err(wrong("must be Latin letters without diacritics, as in a passport's machine-readable zone"))
    }
}
