//! For whom a service is, as rules that can be decided (domain 17).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::TerritoryId;
use crate::http::Patch;
use crate::http::patch::Edit;
use crate::http::texts::CodeText;

/// For whom a service is, as rules that can be decided; ages stand beside it. What is empty is open to all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Eligibility {
    /// Codes of `target_groups`.
    #[validate(length(max = 50))]
    #[serde(default)]
    #[schema(value_type = Vec<CodeText>, required = false, max_items = 50)]
    pub target_groups: Vec<String>,
    /// Codes of `residence_statuses`: categories of legal status.
    #[validate(length(max = 50))]
    #[serde(default)]
    #[schema(value_type = Vec<CodeText>, required = false, max_items = 50)]
    pub legal_statuses: Vec<String>,
    /// Residents of these territories, and of those that lie in them.
    #[validate(length(max = 200))]
    #[serde(default)]
    #[schema(required = false, max_items = 200)]
    pub territory_ids: Vec<TerritoryId>,
    /// Whether who has a renewal pending counts as holding the former status (domain 6).
    #[serde(default = "yes")]
    #[schema(required = false, default = true)]
    pub renewal_pending_counts: bool,
}

fn yes() -> bool {
    true
}

/// What of the rules can be edited, each by itself.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EligibilityPatch {
    /// Codes of `target_groups`.
    #[schema(required = false, value_type = Vec<CodeText>, max_items = 50)]
    #[serde(default)]
    pub target_groups: Patch<Vec<String>>,
    /// Codes of `residence_statuses`.
    #[schema(required = false, value_type = Vec<CodeText>, max_items = 50)]
    #[serde(default)]
    pub legal_statuses: Patch<Vec<String>>,
    #[schema(required = false, value_type = Vec<TerritoryId>, max_items = 200)]
    #[serde(default)]
    pub territory_ids: Patch<Vec<TerritoryId>>,
    #[schema(required = false, value_type = bool)]
    #[serde(default)]
    pub renewal_pending_counts: Patch<bool>,
}

impl Eligibility {
    /// Applies a patch, rule by rule.
    pub fn patch(&mut self, edit: &mut Edit, patch: EligibilityPatch) {
        edit.at_most("eligibility/target_groups", &patch.target_groups, 50);
        edit.at_most("eligibility/legal_statuses", &patch.legal_statuses, 50);
        edit.at_most("eligibility/territory_ids", &patch.territory_ids, 200);
        edit.required("eligibility/target_groups", &mut self.target_groups, patch.target_groups);
        edit.required("eligibility/legal_statuses", &mut self.legal_statuses, patch.legal_statuses);
        edit.required("eligibility/territory_ids", &mut self.territory_ids, patch.territory_ids);
        let counts = &mut self.renewal_pending_counts;
        edit.required("eligibility/renewal_pending_counts", counts, patch.renewal_pending_counts);
    }
}
