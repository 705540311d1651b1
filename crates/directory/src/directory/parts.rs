//! What services, locations and organisations are described with, under the names of the Human Services Data Specification (HSDS 3.0). A part has an
//! id, so that other catalogues can refer to it, and no life of its own: it is edited with what it describes.

use approdo_db::{define_id, text_enum};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::access::TerritoryId;
use crate::http::forms::wrong;
use crate::http::path::is_language;
use crate::http::reading;

define_id! {
    /// The id of a part of a directory entry; given by the server where a request has none.
    #[derive(ToSchema)]
    PartId;
}

/// What another catalogue may call missing: a part has one id for life.
fn new_part() -> PartId {
    PartId::new()
}

text_enum! {
    /// A day of the week (RFC 5545).
    #[derive(ToSchema)]
    Weekday {
        Monday = "MO",
        Tuesday = "TU",
        Wednesday = "WE",
        Thursday = "TH",
        Friday = "FR",
        Saturday = "SA",
        Sunday = "SU",
    }

    /// How often opening hours recur (RFC 5545, as far as HSDS has it).
    #[derive(ToSchema)]
    Frequency {
        Weekly = "WEEKLY",
        Monthly = "MONTHLY",
    }

    /// What an address, or a location, is.
    #[derive(ToSchema)]
    LocationType {
        /// Where people go.
        Physical = "physical",
        /// Where letters go.
        Postal = "postal",
        /// By telephone or on the network.
        Virtual = "virtual",
    }
}

/// A language in which a service, a location or a telephone can be used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SpokenLanguage {
    #[serde(default = "new_part")]
    #[schema(required = false)]
    pub id: PartId,
    /// ISO 639-1, or ISO 639-3 where that has none.
    #[validate(length(min = 2, max = 3), custom(function = "language_code"))]
    #[schema(min_length = 2, max_length = 3, pattern = "^[a-z]{2,3}$", example = "uk")]
    pub code: String,
    #[validate(length(min = 1, max = 100))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// When, or with whose help, it is spoken.
    #[validate(length(min = 1, max = 500))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 500)]
    pub note: Option<String>,
}

fn language_code(code: &str) -> Result<(), ValidationError> {
    if is_language(code) {
        Ok(())
    } else {
        Err(ValidationError::new("language").with_message("is not a code of ISO 639".into()))
    }
}

/// A telephone number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Phone {
    #[serde(default = "new_part")]
    #[schema(required = false)]
    pub id: PartId,
    #[validate(length(min = 1, max = 60))]
    #[schema(min_length = 1, max_length = 60, example = "+39 0432 127 111")]
    pub number: String,
    #[validate(range(min = 0, max = 999_999))]
    #[serde(default, deserialize_with = "reading::optional_whole", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 999_999)]
    pub extension: Option<i64>,
    /// `voice`, `fax`, `text`, `cell`, `video`, `pager`, `textphone` (RFC 6350, section 6.4.1).
    #[validate(length(min = 1, max = 40))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 40)]
    pub r#type: Option<String>,
    #[validate(length(min = 1, max = 500))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 500)]
    pub description: Option<String>,
    #[validate(length(max = 20), nested)]
    #[serde(default)]
    #[schema(required = false, max_items = 20)]
    pub languages: Vec<SpokenLanguage>,
}

/// Whom to ask at an organisation: a person in their office.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DirectoryContact {
    #[serde(default = "new_part")]
    #[schema(required = false)]
    pub id: PartId,
    #[validate(length(min = 1, max = 200))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub name: Option<String>,
    #[validate(length(min = 1, max = 200))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub title: Option<String>,
    #[validate(length(min = 1, max = 200))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub department: Option<String>,
    #[validate(email, length(max = 254))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 254, format = "email")]
    pub email: Option<String>,
    #[validate(length(max = 10), nested)]
    #[serde(default)]
    #[schema(required = false, max_items = 10)]
    pub phones: Vec<Phone>,
}

/// When it is open: a recurrence (RFC 5545, the parts HSDS has) or a period, with local times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    #[serde(default = "new_part")]
    #[schema(required = false)]
    pub id: PartId,
    #[serde(default, deserialize_with = "reading::optional_day", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub valid_from: Option<NaiveDate>,
    /// The last day it holds.
    #[serde(default, deserialize_with = "reading::optional_day", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub valid_to: Option<NaiveDate>,
    /// The first day.
    #[serde(default, deserialize_with = "reading::optional_day", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub dtstart: Option<NaiveDate>,
    /// Hours from Coordinated Universal Time, as HSDS says it.
    #[validate(range(min = -12, max = 14))]
    #[serde(default, deserialize_with = "reading::optional_whole", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = -12, maximum = 14)]
    pub timezone: Option<i64>,
    #[serde(default, deserialize_with = "reading::optional_day", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub until: Option<NaiveDate>,
    #[validate(range(min = 1, max = 10_000))]
    #[serde(default, deserialize_with = "reading::optional_whole", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 10_000)]
    pub count: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub wkst: Option<Weekday>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub freq: Option<Frequency>,
    #[validate(range(min = 1, max = 1_000))]
    #[serde(default, deserialize_with = "reading::optional_whole", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 1_000)]
    pub interval: Option<i64>,
    /// Days of the week, `MO,TU`, each with its number in the month where that counts: `1MO,-1FR`.
    #[validate(length(min = 1, max = 100), custom(function = "days_of_week"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        min_length = 2,
        max_length = 100,
        pattern = "^[+-]?[0-9]*(MO|TU|WE|TH|FR|SA|SU)(,[+-]?[0-9]*(MO|TU|WE|TH|FR|SA|SU))*$"
    )]
    pub byday: Option<String>,
    #[validate(length(min = 1, max = 200), custom(function = "numbers"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 200, pattern = "^[+-]?[0-9]{1,3}(,[+-]?[0-9]{1,3})*$")]
    pub byweekno: Option<String>,
    #[validate(length(min = 1, max = 200), custom(function = "numbers"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 200, pattern = "^[+-]?[0-9]{1,3}(,[+-]?[0-9]{1,3})*$")]
    pub bymonthday: Option<String>,
    #[validate(length(min = 1, max = 200), custom(function = "numbers"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 200, pattern = "^[+-]?[0-9]{1,3}(,[+-]?[0-9]{1,3})*$")]
    pub byyearday: Option<String>,
    #[validate(length(min = 1, max = 1000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 1000)]
    pub description: Option<String>,
    /// Local time, `09:00` or `09:00:00`.
    #[validate(custom(function = "time_of_day"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        min_length = 5,
        max_length = 8,
        pattern = "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"
    )]
    pub opens_at: Option<String>,
    #[validate(custom(function = "time_of_day"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        min_length = 5,
        max_length = 8,
        pattern = "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"
    )]
    pub closes_at: Option<String>,
    #[validate(length(max = 2048), custom(function = "crate::http::links::web_address"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 2048, format = "uri", pattern = "^https?://")]
    pub schedule_link: Option<String>,
    #[validate(length(min = 1, max = 100))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 100)]
    pub attending_type: Option<String>,
    #[validate(length(min = 1, max = 1000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 1000)]
    pub notes: Option<String>,
}

fn shaped(good: bool, says: &'static str) -> Result<(), ValidationError> {
    if good { Ok(()) } else { Err(wrong(says)) }
}

fn days_of_week(text: &str) -> Result<(), ValidationError> {
    let is_day = |item: &str| {
        let number = item.trim_start_matches(['+', '-']).trim_start_matches(|digit: char| digit.is_ascii_digit());
        Weekday::parse(number).is_some()
            && item
                .strip_suffix(number)
                .is_some_and(|sign| sign.is_empty() || sign.ends_with(|c: char| c.is_ascii_digit()))
    };
    shaped(text.split(',').all(is_day), "is not a list of days of the week")
}

fn numbers(text: &str) -> Result<(), ValidationError> {
    let is_number = |item: &str| {
        let digits = item.strip_prefix(['+', '-']).unwrap_or(item);
        (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    shaped(text.split(',').all(is_number), "is not a list of numbers")
}

fn time_of_day(text: &str) -> Result<(), ValidationError> {
    let form = if text.len() == 5 { "%H:%M" } else { "%H:%M:%S" };
    let shape = matches!(text.len(), 5 | 8) && chrono::NaiveTime::parse_from_str(text, form).is_ok();
    shaped(shape && !text.ends_with(":60"), "is not a time of day of the form 09:00")
}

/// What it costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CostOption {
    #[serde(default = "new_part")]
    #[schema(required = false)]
    pub id: PartId,
    #[serde(default, deserialize_with = "reading::optional_day", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub valid_from: Option<NaiveDate>,
    #[serde(default, deserialize_with = "reading::optional_day", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub valid_to: Option<NaiveDate>,
    /// For whom, or when.
    #[validate(length(min = 1, max = 500))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 500)]
    pub option: Option<String>,
    #[validate(nested)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub amount: Option<Money>,
    #[validate(length(min = 1, max = 500))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 500)]
    pub amount_description: Option<String>,
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": "12.50", "currency": "EUR"}))]
pub struct Money {
    /// A decimal number as a text, so that nothing is rounded on the way.
    #[validate(length(min = 1, max = 20), custom(function = "decimal"))]
    #[schema(min_length = 1, max_length = 20, pattern = "^[0-9]{1,12}(\\.[0-9]{1,6})?$")]
    pub amount: String,
    /// ISO 4217.
    #[validate(custom(function = "currency"))]
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$")]
    pub currency: String,
}

fn decimal(text: &str) -> Result<(), ValidationError> {
    let digits =
        |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let good = match text.split_once('.') {
        Some((whole, rest)) => digits(whole, 12) && digits(rest, 6),
        None => digits(text, 12),
    };
    shaped(good, "is not an amount of the form 12.50")
}

fn currency(text: &str) -> Result<(), ValidationError> {
    shaped(text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()), "is not a code of ISO 4217")
}

/// A document that has to be brought.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequiredDocument {
    #[serde(default = "new_part")]
    #[schema(required = false)]
    pub id: PartId,
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    pub document: String,
    /// Where it is explained, or a form of it.
    #[validate(length(max = 2048), custom(function = "crate::http::links::web_address"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 2048, format = "uri", pattern = "^https?://")]
    pub uri: Option<String>,
}

/// Where a service is offered to residents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceArea {
    #[serde(default = "new_part")]
    #[schema(required = false)]
    pub id: PartId,
    #[validate(length(min = 1, max = 200))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub name: Option<String>,
    #[validate(length(min = 1, max = 1000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 1000)]
    pub description: Option<String>,
    /// The territory, where it is one of this deployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub territory_id: Option<TerritoryId>,
    /// Its boundary, in the form that `extent_type` names.
    #[validate(length(min = 1, max = 20_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 20_000)]
    pub extent: Option<String>,
    #[validate(length(min = 1, max = 40))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 40)]
    pub extent_type: Option<String>,
    #[validate(length(max = 2048), custom(function = "crate::http::links::web_address"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 2048, format = "uri", pattern = "^https?://")]
    pub uri: Option<String>,
}

/// Who pays for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Funding {
    #[serde(default = "new_part")]
    #[schema(required = false)]
    pub id: PartId,
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    pub source: String,
}

/// How far a location can be used by people with disabilities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Accessibility {
    #[serde(default = "new_part")]
    #[schema(required = false)]
    pub id: PartId,
    #[validate(length(min = 1, max = 500))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 500)]
    pub description: Option<String>,
    #[validate(length(min = 1, max = 1000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 1000)]
    pub details: Option<String>,
    #[validate(length(max = 2048), custom(function = "crate::http::links::web_address"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 2048, format = "uri", pattern = "^https?://")]
    pub url: Option<String>,
}

/// An address of a location.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostalAddress {
    #[serde(default = "new_part")]
    #[schema(required = false)]
    pub id: PartId,
    #[validate(length(min = 1, max = 200))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub attention: Option<String>,
    /// Street and number.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub address_1: String,
    #[validate(length(min = 1, max = 200))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub address_2: Option<String>,
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub city: String,
    #[validate(length(min = 1, max = 200))]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub region: Option<String>,
    /// The province in Italy, the Land in Germany.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub state_province: String,
    #[validate(length(min = 1, max = 20))]
    #[schema(min_length = 1, max_length = 20)]
    pub postal_code: String,
    /// ISO 3166-1 alpha-2.
    #[validate(custom(function = "crate::http::forms::country_code"))]
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$", example = "IT")]
    pub country: String,
    pub address_type: LocationType,
}
