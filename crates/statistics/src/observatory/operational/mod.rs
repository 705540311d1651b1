//! Statistics of the deployment's own data (domain 41): a registry of what can be counted, and the counting. What is counted becomes a release
//! of a dataset like any other, with two differences: nobody reads it before it is published, and small counts are always hidden then (domain 42).

pub mod counting;
pub mod handlers;
pub mod places;
pub mod releases;

use approdo_db::{Connection, Json, text_enum};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::OrganisationId;
use crate::anonymity::AGE_BANDS;
use crate::error::{ApiError, ApiResult};
use crate::observatory::datasets::{Dimension, DimensionRole, MeasureKind};
use crate::observatory::operational::counting::Fact;

text_enum! {
    /// What of the deployment's own data is counted.
    #[derive(ToSchema)]
    OperationalSource {
        /// Cases by the day they were opened on.
        CasesOpened = "cases_opened",
        /// Cases that were open at the end of a period.
        CasesOpen = "cases_open",
        /// Closings of cases; one that is reopened and closed again counts twice.
        CasesClosed = "cases_closed",
        /// Referrals by the day they were sent on.
        ReferralsSent = "referrals_sent",
        /// Referrals by the day they ended on, with how.
        ReferralsEnded = "referrals_ended",
    }

    /// How long the periods are that are told apart.
    #[derive(ToSchema)]
    CountedPeriod {
        Year = "year",
        Quarter = "quarter",
        Month = "month",
    }
}

/// What a dataset is computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ComputedFrom {
    pub source: OperationalSource,
    pub period: CountedPeriod,
}

/// What a source can be divided by, besides places and times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Division {
    /// The identifier that a dimension of the dataset has.
    pub id: &'static str,
    pub name: &'static str,
    pub codes: DivisionCodes,
}

/// Which codes a division has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DivisionCodes {
    /// Those of a code list, by its name.
    Of(&'static str),
    /// These, each with its name.
    These(&'static [(&'static str, &'static str)]),
}

use DivisionCodes::{Of, These};

pub const TARGET_GROUP: Division =
    Division { id: "TARGET_GROUP", name: "Target group, as it is now", codes: Of("target_groups") };
pub const REFERRED_GROUP: Division =
    Division { id: "TARGET_GROUP", name: "Target group, when it was sent", codes: Of("target_groups") };
pub const SEX: Division = Division { id: "SEX", name: "Sex", codes: Of("sexes") };
pub const AGE: Division = Division { id: "AGE", name: "Age in years", codes: These(&AGE_BANDS) };
pub const CLOSING_REASON: Division =
    Division { id: "CLOSING_REASON", name: "Reason of the closing", codes: Of("case_closing_reasons") };
pub const SERVICE_TYPE: Division =
    Division { id: "SERVICE_TYPE", name: "Type of the service", codes: Of("service_types") };
pub const STRUCTURE: Division = Division {
    id: "STRUCTURE",
    name: "Whether the service belongs to the regular structures, as it is now",
    codes: These(&[(REGULAR, "Regular structure"), (OTHER_STRUCTURE, "Another one")]),
};
pub const ENDING: Division = Division { id: "ENDING", name: "How it ended", codes: These(&ENDINGS) };

/// The codes of services that are part of the regular structures (row K2), and of all others.
pub const REGULAR: &str = "regular";
pub const OTHER_STRUCTURE: &str = "other";

/// How referrals end (`referrals::rules::Ending`).
pub const ENDINGS: [(&str, &str); 8] = [
    ("completed", "Done"),
    ("not_completed_client_side", "Not done, and it lay with the person"),
    ("not_completed_provider_side", "Not done, and it lay with the provider"),
    ("declined_client_side", "Declined, and it lay with the person"),
    ("declined_provider_side", "Declined, and it lay with the provider"),
    ("expired", "Not answered in time"),
    ("cancelled", "Taken back by the sender"),
    ("consent_revoked", "Ended by a consent that was withdrawn"),
];

/// The endings that a service tells which took the referral.
const ENDINGS_OF_A_SERVICE: [&str; 3] = ["completed", "not_completed_client_side", "not_completed_provider_side"];

/// The code of a dimension that holds all others (SDMX, `CL_*`).
pub const TOTAL: &str = "_T";
/// The code of what is not known (SDMX, `CL_*`).
pub const UNKNOWN: &str = "_U";

/// The code of what happened in a place and, as far as is known, in none of its parts: of the region itself, and of no municipality of it.
/// Without it the parts would look complete, and readers would take the difference to the whole for known.
pub fn in_no_part(area: &str) -> String {
    format!("{area}{UNKNOWN}")
}

impl OperationalSource {
    /// How what it counts adds up.
    pub fn measure_kind(self) -> MeasureKind {
        match self {
            Self::CasesOpened | Self::CasesClosed | Self::ReferralsSent | Self::ReferralsEnded => MeasureKind::Flow,
            Self::CasesOpen => MeasureKind::Stock,
        }
    }

    pub fn description(self) -> &'static str {
        match self {
            Self::CasesOpened => "Cases by the day they were opened on, whatever became of them.",
            Self::CasesOpen => "Cases that were neither closed nor declined at the end of the last day of a period.",
            Self::CasesClosed => {
                "Closings of cases, by the day and the reason; a case that is reopened and closed again counts twice."
            }
            Self::ReferralsSent => {
                "Referrals from cases by the day they were sent on, whatever became of them. What was handed on counts once, as it was sent first."
            }
            Self::ReferralsEnded => {
                "Referrals from cases by the day they ended on: with an outcome, declined, not answered, taken back, or by a consent withdrawn. Each counts once; what follows on its first ending changes nothing."
            }
        }
    }

    pub fn divisions(self) -> &'static [Division] {
        match self {
            Self::CasesOpened | Self::CasesOpen => &[TARGET_GROUP, SEX, AGE],
            Self::CasesClosed => &[TARGET_GROUP, SEX, AGE, CLOSING_REASON],
            Self::ReferralsSent => &[REFERRED_GROUP, SEX, AGE, SERVICE_TYPE, STRUCTURE],
            Self::ReferralsEnded => &[REFERRED_GROUP, SEX, AGE, SERVICE_TYPE, STRUCTURE, ENDING],
        }
    }

    /// Whether nothing can ever be counted under these codes of its divisions, whoever it is about: then everybody knows that it is nought.
    pub fn is_impossible(self, codes: &[(&str, &str)]) -> bool {
        let code = |division: &Division| codes.iter().find(|(id, _)| *id == division.id).map(|(_, code)| *code);
        let (service_type, structure) = (code(&SERVICE_TYPE), code(&STRUCTURE));
        let is_told_apart = |code: &&str| *code != TOTAL;
        let (told_type, told_structure) = (service_type.filter(is_told_apart), structure.filter(is_told_apart));
        // Both are of the one service that took it, and not known where there is none.
        let differ = told_type.zip(told_structure).is_some_and(|(one, other)| (one == UNKNOWN) != (other == UNKNOWN));
        let has_no_service = [service_type, structure].contains(&Some(UNKNOWN));
        // Nobody says how it went but the service that took it.
        differ || has_no_service && code(&ENDING).is_some_and(|ending| ENDINGS_OF_A_SERVICE.contains(&ending))
    }

    fn division(self, id: &str) -> Option<&'static Division> {
        self.divisions().iter().find(|division| division.id == id)
    }
}

/// Hands over what a source counts of an organisation and those below it, each fact with its codes of the divisions, in their order. Whoever
/// puts the service together gives it: the statistics do not know the areas that are counted.
pub type Facts = fn(
    connection: &mut Connection,
    source: OperationalSource,
    organisation: OrganisationId,
    divisions: &[&'static Division],
    take: &mut dyn FnMut(&Fact),
) -> ApiResult<()>;

impl ComputedFrom {
    pub fn of(kept: &Json) -> ApiResult<Self> {
        kept.read().map_err(ApiError::fault)
    }

    /// The divisions that the dimensions of a dataset stand for, in their order.
    ///
    /// # Errors
    /// 422 where the source knows none of that name, or values of another kind.
    pub fn divisions(self, dimensions: &[Dimension], kind: MeasureKind) -> ApiResult<Vec<&'static Division>> {
        if kind != self.source.measure_kind() {
            let expected = self.source.measure_kind();
            return Err(ApiError::invalid_member(
                "measure_kind",
                format!("must be {expected}: see GET /operational-sources"),
            ));
        }
        if let Some(at) = dimensions.iter().position(|dimension| dimension.closed) {
            let detail = "must not be set: which codes there are is found when it is computed";
            return Err(ApiError::invalid_member(&format!("dimensions/{at}/closed"), detail));
        }
        let others = dimensions.iter().enumerate().filter(|(_, dimension)| dimension.role == DimensionRole::Other);
        others
            .map(|(at, dimension)| {
                self.source.division(&dimension.id).ok_or_else(|| {
                    let member = format!("dimensions/{at}/id");
                    ApiError::invalid_member(
                        &member,
                        "is nothing that the source can be divided by: see GET /operational-sources",
                    )
                })
            })
            .collect()
    }
}
