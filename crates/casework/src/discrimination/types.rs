//! A report: the row, and what officers are shown of it.

use approdo_db::schema::{
    discrimination_report_grounds as grounds, discrimination_reporters as reporters, discrimination_reports,
};
use approdo_db::{Timestamp, define_id};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{OrganisationId, TerritoryId};
use crate::discrimination::codes::{
    AreaOfLife, DiscriminationGround, DiscriminationReportChannel, DiscriminationReportUrgency, ReporterRole,
    RespondentKind,
};
use crate::discrimination::rules::{DiscriminationReportOutcome, DiscriminationReportSide, DiscriminationReportStatus};
use crate::entry;
use crate::page_of;

define_id! {
    /// The id of a report of discrimination.
    #[derive(ToSchema)]
    DiscriminationReportId;
}

/// The row. Its records repeat neither what was told nor the digest of the reporter's code.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = discrimination_reports, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct DiscriminationReportRow {
    pub id: DiscriminationReportId,
    /// The body it was sent to.
    pub organisation_id: OrganisationId,
    pub channel: DiscriminationReportChannel,
    /// None once it is anonymised.
    #[serde(skip)]
    pub description: Option<String>,
    /// A day or a month.
    pub occurred_on: Option<String>,
    pub territory_id: Option<TerritoryId>,
    pub area_of_life: AreaOfLife,
    pub respondent_kind: RespondentKind,
    pub reporter_role: ReporterRole,
    pub language: String,
    pub received_on: NaiveDate,
    pub status: DiscriminationReportStatus,
    pub within_competence: Option<bool>,
    pub urgency: Option<DiscriminationReportUrgency>,
    /// The body it is routed to.
    pub competent_org_id: Option<OrganisationId>,
    pub identity_shared: bool,
    pub outcome: Option<DiscriminationReportOutcome>,
    pub outcome_told: bool,
    pub duplicate_of_id: Option<DiscriminationReportId>,
    pub ended_on: Option<NaiveDate>,
    pub anonymised_at: Option<Timestamp>,
    #[serde(skip)]
    pub follow_up_hash: Option<Vec<u8>>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

entry!(
    DiscriminationReportRow,
    DiscriminationReportId,
    discrimination_reports,
    organisation_id,
    "discrimination_report",
    DiscriminationReports
);

/// What a report is about.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = grounds)]
pub struct GroundRow {
    pub discrimination_report_id: DiscriminationReportId,
    pub ground: DiscriminationGround,
    /// By who reported.
    pub reported: bool,
    /// By the body that looked at it.
    pub confirmed: bool,
}

/// Who reports.
#[derive(Debug, Clone, Queryable, Insertable, Serialize, ToSchema)]
#[diesel(table_name = reporters, treat_none_as_default_value = false)]
pub struct DiscriminationReporter {
    pub discrimination_report_id: DiscriminationReportId,
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// A telephone number or an address of any kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub contact: Option<String>,
    /// The language they want to be addressed in (ISO 639-1).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 2, max_length = 2, pattern = "^[a-z]{2}$")]
    pub preferred_language: Option<String>,
    pub may_be_contacted: bool,
    /// Whether another body may be told who they are.
    pub identity_may_be_shared: bool,
}

/// A report of discrimination, as officers of the body it was sent to, or of the one it was routed to, read it.
#[derive(Debug, Serialize, ToSchema)]
pub struct DiscriminationReport {
    pub id: DiscriminationReportId,
    /// The body it was sent to.
    pub organisation_id: OrganisationId,
    /// On which side of it you stand.
    #[schema(max_items = 2)]
    pub sides: Vec<DiscriminationReportSide>,
    pub channel: DiscriminationReportChannel,
    /// What happened, as it was told: it may name people. Absent in lists, and once it is anonymised.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 10_000)]
    pub description: Option<String>,
    /// The day it happened, or the month.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 10, pattern = "^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$")]
    pub occurred_on: Option<String>,
    /// Where it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub territory_id: Option<TerritoryId>,
    pub area_of_life: AreaOfLife,
    /// For what, as who reports sees it.
    #[schema(max_items = 11)]
    pub grounds: Vec<DiscriminationGround>,
    /// For what, as the body that it was sent to found.
    #[schema(max_items = 11)]
    pub confirmed_grounds: Vec<DiscriminationGround>,
    pub respondent_kind: RespondentKind,
    pub reporter_role: ReporterRole,
    /// The language of the description (ISO 639-1).
    #[schema(min_length = 2, max_length = 2, pattern = "^[a-z]{2}$")]
    pub language: String,
    pub received_on: NaiveDate,
    pub status: DiscriminationReportStatus,
    /// Whether the body that it was sent to is competent itself; absent before triage.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub within_competence: Option<bool>,
    /// Absent before triage.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub urgency: Option<DiscriminationReportUrgency>,
    /// The body it is routed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub competent_org_id: Option<OrganisationId>,
    /// Whether you can read who reports: nobody is told to whom it was not agreed.
    pub reporter_known: bool,
    /// Whether the body it is routed to can read who reports.
    pub identity_shared: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub outcome: Option<DiscriminationReportOutcome>,
    /// Whether who reports is told the outcome.
    pub outcome_told: bool,
    /// The report that this one repeats; for the body that both were sent to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub duplicate_of_id: Option<DiscriminationReportId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ended_on: Option<NaiveDate>,
    /// When everything that may tell of people was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub anonymised_at: Option<Timestamp>,
    /// States it can be moved to by you.
    #[schema(max_items = 7)]
    pub allowed_transitions: Vec<DiscriminationReportStatus>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What stands in other tables.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    pub grounds: Vec<GroundRow>,
    /// Whether somebody said who they are.
    pub is_named: bool,
}

impl DiscriminationReport {
    pub fn shown(row: DiscriminationReportRow, beside: Beside, sides: Vec<DiscriminationReportSide>) -> Self {
        let (mut reported, mut confirmed) = (Vec::new(), Vec::new());
        for ground in beside.grounds {
            if ground.reported {
                reported.push(ground.ground);
            }
            if ground.confirmed {
                confirmed.push(ground.ground);
            }
        }
        let is_first = sides.contains(&DiscriminationReportSide::First);
        Self {
            reporter_known: beside.is_named && (is_first || row.identity_shared),
            allowed_transitions: row.status.next(&sides),
            duplicate_of_id: row.duplicate_of_id.filter(|_| is_first),
            id: row.id,
            organisation_id: row.organisation_id,
            sides,
            channel: row.channel,
            description: row.description,
            occurred_on: row.occurred_on,
            territory_id: row.territory_id,
            area_of_life: row.area_of_life,
            grounds: reported,
            confirmed_grounds: confirmed,
            respondent_kind: row.respondent_kind,
            reporter_role: row.reporter_role,
            language: row.language,
            received_on: row.received_on,
            status: row.status,
            within_competence: row.within_competence,
            urgency: row.urgency,
            competent_org_id: row.competent_org_id,
            identity_shared: row.identity_shared,
            outcome: row.outcome,
            outcome_told: row.outcome_told,
            ended_on: row.ended_on,
            anonymised_at: row.anonymised_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

page_of! {
    /// A page of reports.
    DiscriminationReportPage of DiscriminationReport
}
