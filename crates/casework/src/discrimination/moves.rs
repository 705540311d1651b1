//! What a move of a report says, and what is told of one that was made.

use approdo_db::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError, ValidationErrors};

use crate::access::{OrganisationId, PrincipalId};
use crate::aggregate::moves::{ChildTransition, ChildTransitionId, texts_within};
use crate::discrimination::codes::{DiscriminationGround, DiscriminationReportUrgency};
use crate::discrimination::rules::{
    DiscriminationReportOutcome, DiscriminationReportSide, DiscriminationReportStatus, mover,
};
use crate::discrimination::types::DiscriminationReportId;
use crate::error::{ApiError, ApiResult};
use crate::http::Checked;
use crate::page_of;

/// Where to move a report, with what that move needs. Notes are read by officers alone; who reports never reads them. What the other body
/// is not to know about who reports does not belong in a note to it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({
    "to": "triaged", "within_competence": true, "urgency": "normal", "grounds": ["ethnic_origin"], "note": "Talk to the landlord first."
}))]
pub enum NewDiscriminationReportTransition {
    /// From received; anew from returned; from routed, to take back what nobody has taken up.
    Triaged {
        /// Whether the body itself is competent.
        within_competence: bool,
        urgency: DiscriminationReportUrgency,
        /// For what, as the body sees it; empty where it cannot tell.
        #[serde(default)]
        #[schema(required = false, max_items = 11)]
        grounds: Vec<DiscriminationGround>,
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From triaged: another body that takes reports reads it from now on, and is asked to take it up.
    Routed {
        /// The body that is competent.
        to_org_id: OrganisationId,
        /// Whether it reads who reports, who must have agreed to that.
        #[serde(default)]
        #[schema(required = false)]
        share_identity: bool,
        /// Why there; the body reads it.
        #[schema(min_length = 1, max_length = 2000)]
        note: String,
    },
    /// From routed, by the body it was routed to.
    TakenUp {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From routed, by the body it was routed to, which knows of it no more from then on.
    Returned {
        /// Why.
        #[schema(min_length = 1, max_length = 2000)]
        note: String,
    },
    /// From triaged; from taken up, by the body it was routed to. For good.
    Closed {
        /// Any but those of what is dismissed.
        outcome: DiscriminationReportOutcome,
        /// Whether who reports is told the outcome.
        #[serde(default)]
        #[schema(required = false)]
        tell_reporter: bool,
        /// Why.
        #[schema(min_length = 1, max_length = 2000)]
        note: String,
    },
    /// From received and triaged. For good.
    Dismissed {
        /// `out_of_competence`, `duplicate` or `not_enough_information`.
        outcome: DiscriminationReportOutcome,
        /// With `duplicate`: the report that it repeats, sent to the same body.
        #[schema(nullable = false)]
        duplicate_of_id: Option<DiscriminationReportId>,
        /// Whether who reports is told the outcome.
        #[serde(default)]
        #[schema(required = false)]
        tell_reporter: bool,
        /// Why.
        #[schema(min_length = 1, max_length = 2000)]
        note: String,
    },
}

impl NewDiscriminationReportTransition {
    pub fn to(&self) -> DiscriminationReportStatus {
        match self {
            Self::Triaged { .. } => DiscriminationReportStatus::Triaged,
            Self::Routed { .. } => DiscriminationReportStatus::Routed,
            Self::TakenUp { .. } => DiscriminationReportStatus::TakenUp,
            Self::Returned { .. } => DiscriminationReportStatus::Returned,
            Self::Closed { .. } => DiscriminationReportStatus::Closed,
            Self::Dismissed { .. } => DiscriminationReportStatus::Dismissed,
        }
    }

    pub fn note(&self) -> Option<&str> {
        match self {
            Self::Triaged { note, .. } | Self::TakenUp { note } => note.as_deref(),
            Self::Routed { note, .. }
            | Self::Returned { note }
            | Self::Closed { note, .. }
            | Self::Dismissed { note, .. } => Some(note),
        }
    }
}

impl Validate for NewDiscriminationReportTransition {
    fn validate(&self) -> Result<(), ValidationErrors> {
        let mut errors = texts_within(&[("note", self.note(), 2000)]).err().unwrap_or_default();
        if let Self::Triaged { grounds, .. } = self
            && grounds.len() > DiscriminationGround::ALL.len()
        {
            errors.add("grounds", ValidationError::new("length").with_message("has each at most once".into()));
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

impl Checked for NewDiscriminationReportTransition {}

/// One move of a report.
#[derive(Debug, Serialize, ToSchema)]
pub struct DiscriminationReportTransition {
    pub id: ChildTransitionId,
    pub discrimination_report_id: DiscriminationReportId,
    /// The version the move gave the report; the `ETag` of the answer to a move names it.
    #[schema(minimum = 2, maximum = 9007199254740991_i64)]
    pub discrimination_report_version: i64,
    pub from: DiscriminationReportStatus,
    pub to: DiscriminationReportStatus,
    /// Which body made it.
    pub side: DiscriminationReportSide,
    /// Who made it; told to the body that did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub actor_id: Option<PrincipalId>,
    /// Absent once the report is anonymised.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 2000)]
    pub note: Option<String>,
    pub at: Timestamp,
}

impl DiscriminationReportTransition {
    pub fn told(made: ChildTransition, sides: &[DiscriminationReportSide]) -> ApiResult<Self> {
        let unknown = || ApiError::fault("a move of a report that there is not");
        let (from, to) = DiscriminationReportStatus::parse(&made.from_status)
            .zip(DiscriminationReportStatus::parse(&made.to_status))
            .ok_or_else(unknown)?;
        let side = mover(from, to).ok_or_else(unknown)?;
        Ok(Self {
            id: made.id,
            discrimination_report_id: DiscriminationReportId(made.resource_id.0),
            discrimination_report_version: made.resource_version,
            from,
            to,
            side,
            actor_id: Some(made.actor_id).filter(|_| sides.contains(&side)),
            note: made.note,
            at: made.at,
        })
    }
}

page_of! {
    /// A page of a report's moves.
    DiscriminationReportTransitionPage of DiscriminationReportTransition
}
