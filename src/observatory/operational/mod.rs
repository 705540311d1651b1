//! Statistics of the deployment's own data (domain 41): a registry of what can be counted, and the counting. What is counted becomes a release
//! of a dataset like any other, with two differences: nobody reads it before it is published, and small counts are always hidden then (domain 42).

pub mod cases;
pub mod counting;
pub mod handlers;
pub mod places;
pub mod releases;

use approdo_db::{Connection, Json, text_enum};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::OrganisationId;
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
    /// The code list that its codes are of; without one, they are `AGE_BANDS`.
    pub list: Option<&'static str>,
}

const TARGET_GROUP: Division =
    Division { id: "TARGET_GROUP", name: "Target group, as it is now", list: Some("target_groups") };
const SEX: Division = Division { id: "SEX", name: "Sex", list: Some("sexes") };
const AGE: Division = Division { id: "AGE", name: "Age in years", list: None };
const CLOSING_REASON: Division =
    Division { id: "CLOSING_REASON", name: "Reason of the closing", list: Some("case_closing_reasons") };

/// Bands of ages that are told apart (`people::erasure::age_band`): what is left of those who were erased.
pub const AGE_BANDS: [&str; 5] = ["0-17", "18-24", "25-49", "50-64", "65+"];

/// The code of a dimension that holds all others (SDMX, `CL_*`).
pub const TOTAL: &str = "_T";
/// The code of what is not known (SDMX, `CL_*`).
pub const UNKNOWN: &str = "_U";

impl OperationalSource {
    /// How what it counts adds up.
    pub fn measure_kind(self) -> MeasureKind {
        match self {
            Self::CasesOpened | Self::CasesClosed => MeasureKind::Flow,
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
        }
    }

    pub fn divisions(self) -> &'static [Division] {
        match self {
            Self::CasesOpened | Self::CasesOpen => &[TARGET_GROUP, SEX, AGE],
            Self::CasesClosed => &[TARGET_GROUP, SEX, AGE, CLOSING_REASON],
        }
    }

    fn division(self, id: &str) -> Option<&'static Division> {
        self.divisions().iter().find(|division| division.id == id)
    }

    /// Hands over what is counted of some organisations, each fact with its codes of `divisions`, in their order.
    fn facts(
        self,
        connection: &mut Connection,
        organisations: &[OrganisationId],
        divisions: &[&'static Division],
        take: &mut dyn FnMut(&Fact),
    ) -> ApiResult<()> {
        match self {
            Self::CasesOpened | Self::CasesOpen | Self::CasesClosed => {
                cases::facts(connection, self, organisations, divisions, take)
            }
        }
    }
}

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
