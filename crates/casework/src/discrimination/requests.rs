//! What a report is made of, whoever sends it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::access::{OrganisationId, TerritoryId};
use crate::discrimination::codes::{AreaOfLife, DiscriminationGround, ReporterRole, RespondentKind};
use crate::discrimination::types::DiscriminationReportId;
use crate::http::Checked;
use crate::http::forms::language_code;
use crate::referrals::partner_links::secrets;

/// A report of discrimination. Nothing of it has to tell who reports.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "organisation_id": "01985b2e-0000-7000-8000-000000000001",
    "description": "The flat was still to let until I said my name; then it was let.",
    "occurred_on": "2026-10", "territory_id": "01985b2e-0000-7000-8000-000000000002", "area_of_life": "housing",
    "grounds": ["ethnic_origin"], "respondent_kind": "landlord", "reporter_role": "affected", "language": "it"
}))]
pub struct NewDiscriminationReport {
    /// The body to report to: one whose anti-discrimination officers take reports.
    pub organisation_id: OrganisationId,
    /// What happened. Officers of that body read it, and of the one it is routed to: leave out your own name, where you live and whatever
    /// else tells who you are, unless you want them to know. Others' names are not needed either.
    #[validate(length(min = 1, max = 10_000))]
    #[schema(min_length = 1, max_length = 10_000)]
    pub description: String,
    /// The day it happened, or the month; not in the future.
    #[validate(custom(function = "day_or_month"))]
    #[schema(nullable = false, min_length = 7, max_length = 10, pattern = "^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$")]
    pub occurred_on: Option<String>,
    /// Where it happened: a municipality or something larger.
    #[schema(nullable = false)]
    pub territory_id: Option<TerritoryId>,
    pub area_of_life: AreaOfLife,
    /// For what, as you see it; empty where you do not know.
    #[validate(length(max = 11))]
    #[serde(default)]
    #[schema(required = false, max_items = 11)]
    pub grounds: Vec<DiscriminationGround>,
    pub respondent_kind: RespondentKind,
    pub reporter_role: ReporterRole,
    /// The language of the description (ISO 639-1).
    #[validate(custom(function = "language_code"))]
    #[schema(min_length = 2, max_length = 2, pattern = "^[a-z]{2}$")]
    pub language: String,
    /// Who reports; absent where nobody is to know.
    #[validate(nested)]
    #[schema(nullable = false)]
    pub reporter: Option<NewDiscriminationReporter>,
}

impl Checked for NewDiscriminationReport {}

/// Who reports. The body reported to reads it, and deletes it after the end.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDiscriminationReporter {
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// A telephone number or an address of any kind.
    #[validate(length(min = 1, max = 200))]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub contact: Option<String>,
    /// The language you want to be addressed in (ISO 639-1).
    #[validate(custom(function = "language_code"))]
    #[schema(nullable = false, min_length = 2, max_length = 2, pattern = "^[a-z]{2}$")]
    pub preferred_language: Option<String>,
    /// Whether the body may get in touch by that contact.
    #[serde(default)]
    #[schema(required = false)]
    pub may_be_contacted: bool,
    /// Whether a body that is competent may be told who you are.
    #[serde(default)]
    #[schema(required = false)]
    pub identity_may_be_shared: bool,
}

/// What is told of a report that was taken for somebody: no more than it takes to come back.
#[derive(Debug, Serialize, ToSchema)]
pub struct DiscriminationReportReceipt {
    pub id: DiscriminationReportId,
    /// For who reports, to learn at `POST /discrimination-reports/follow-ups` how it goes on. Told once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 43, max_length = 43, pattern = "^[A-Za-z0-9_-]{43}$")]
    pub follow_up_code: Option<String>,
}

/// What is told of a report that somebody sent without a login.
#[derive(Debug, Serialize, ToSchema)]
pub struct DiscriminationReportSubmission {
    /// To learn at `POST /discrimination-reports/follow-ups` how it goes on. Told once: whoever has it reads what you are told.
    #[schema(min_length = 43, max_length = 43, pattern = "^[A-Za-z0-9_-]{43}$")]
    pub follow_up_code: String,
}

/// The code that a report was answered with.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"follow_up_code": "rJ0nq3m0Xv5y1gq6bPdUyQdJc0w1m8a2kT7uZ9eHfLs"}))]
pub struct NewDiscriminationReportFollowUp {
    #[validate(custom(function = "code_shaped"))]
    #[schema(min_length = 43, max_length = 43, pattern = "^[A-Za-z0-9_-]{43}$")]
    pub follow_up_code: String,
}

impl Checked for NewDiscriminationReportFollowUp {}

fn code_shaped(code: &str) -> Result<(), ValidationError> {
    secrets::token_shaped(code)
        .map_err(|_| ValidationError::new("follow_up_code").with_message("is no such code".into()))
}

/// The first day of what a day or a month is; none for anything else (ISO 8601, calendar dates, complete or without the day).
pub fn first_day(text: &str) -> Option<NaiveDate> {
    let digits = |part: &str, many: usize| part.len() == many && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next());
    if !digits(year, 4) || !digits(month, 2) || !day.is_none_or(|day| digits(day, 2)) {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.unwrap_or("01").parse().ok()?)
}

fn day_or_month(text: &str) -> Result<(), ValidationError> {
    let wrong = || {
        ValidationError::new("occurred_on").with_message("must be a day or a month, as 2026-10-05 or 2026-10".into())
    };
    first_day(text).map(drop).ok_or_else(wrong)
}
