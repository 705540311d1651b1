//! How a service is weighed against a need (domain 17): a verdict for each rule it has, and an order. Nothing here knows who is in need.

use std::collections::HashSet;

use approdo_db::text_enum;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::TerritoryId;
use crate::directory::capacities::CapacityState;
use crate::directory::eligibility::Eligibility;
use crate::directory::services::Freshness;

text_enum! {
    /// What a rule says of a need.
    #[derive(ToSchema)]
    Verdict {
        Met = "met",
        /// The need, or the directory, does not say enough.
        Unknown = "unknown",
        Unmet = "unmet",
    }

    /// A rule of a service.
    #[derive(ToSchema)]
    MatchRule {
        Age = "age",
        TargetGroup = "target_group",
        LegalStatus = "legal_status",
        /// Where the person lives.
        Residence = "residence",
        Language = "language",
        Capacity = "capacity",
    }
}

impl MatchRule {
    /// Whether who does not meet it is not served; the others tell how well it fits.
    pub const fn is_binding(self) -> bool {
        !matches!(self, Self::Language | Self::Capacity)
    }
}

/// What is needed, as far as it is told.
#[derive(Debug, Clone, Default)]
pub struct Wants {
    pub age: Option<i64>,
    pub target_group: Option<String>,
    pub legal_status: Option<String>,
    /// Whether the former status is held while its renewal is pending.
    pub renewal_pending: bool,
    /// The territory of residence and all that it lies in.
    pub residence: Option<HashSet<TerritoryId>>,
    /// Any of them will do.
    pub languages: Vec<String>,
}

/// What a service offers, and to whom.
#[derive(Debug, Clone)]
pub struct Offer {
    pub minimum_age: Option<i64>,
    pub maximum_age: Option<i64>,
    pub eligibility: Eligibility,
    pub languages: Vec<String>,
    /// As far as what was told of it can be relied on.
    pub capacity: Option<CapacityState>,
    pub freshness: Freshness,
}

/// What one rule of a service says of a need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RuleVerdict {
    pub rule: MatchRule,
    pub verdict: Verdict,
    /// Whether who does not meet it is not served.
    pub binding: bool,
}

impl Offer {
    /// What each rule that the service has says of a need.
    pub fn weigh(&self, wants: &Wants) -> Vec<RuleVerdict> {
        let rules = [
            (MatchRule::Age, self.age(wants)),
            (MatchRule::TargetGroup, self.target_group(wants)),
            (MatchRule::LegalStatus, self.legal_status(wants)),
            (MatchRule::Residence, self.residence(wants)),
            (MatchRule::Language, self.language(wants)),
            (MatchRule::Capacity, Some(self.capacity())),
        ];
        let told = |(rule, verdict): (MatchRule, Option<Verdict>)| {
            verdict.map(|verdict| RuleVerdict { rule, verdict, binding: rule.is_binding() })
        };
        rules.into_iter().filter_map(told).collect()
    }

    fn age(&self, wants: &Wants) -> Option<Verdict> {
        if self.minimum_age.is_none() && self.maximum_age.is_none() {
            return None;
        }
        Some(decided(wants.age, |age| {
            self.minimum_age.is_none_or(|least| least <= age) && self.maximum_age.is_none_or(|most| age <= most)
        }))
    }

    fn target_group(&self, wants: &Wants) -> Option<Verdict> {
        let groups = &self.eligibility.target_groups;
        (!groups.is_empty()).then(|| decided(wants.target_group.as_ref(), |group| groups.contains(group)))
    }

    fn legal_status(&self, wants: &Wants) -> Option<Verdict> {
        let statuses = &self.eligibility.legal_statuses;
        let holds =
            |status| statuses.contains(status) && (!wants.renewal_pending || self.eligibility.renewal_pending_counts);
        (!statuses.is_empty()).then(|| decided(wants.legal_status.as_ref(), holds))
    }

    fn residence(&self, wants: &Wants) -> Option<Verdict> {
        let territories = &self.eligibility.territory_ids;
        let lives_there = |residence: &HashSet<_>| territories.iter().any(|territory| residence.contains(territory));
        (!territories.is_empty()).then(|| decided(wants.residence.as_ref(), lives_there))
    }

    fn language(&self, wants: &Wants) -> Option<Verdict> {
        let offered = (!self.languages.is_empty()).then_some(&self.languages);
        let is_spoken = |offered: &Vec<String>| wants.languages.iter().any(|language| offered.contains(language));
        (!wants.languages.is_empty()).then(|| decided(offered, is_spoken))
    }

    fn capacity(&self) -> Verdict {
        match self.capacity {
            Some(CapacityState::HasCapacity) => Verdict::Met,
            Some(CapacityState::NoCapacity) => Verdict::Unmet,
            Some(CapacityState::Waitlist | CapacityState::AssessmentRequired) | None => Verdict::Unknown,
        }
    }
}

fn decided<T>(known: Option<T>, rule: impl FnOnce(T) -> bool) -> Verdict {
    match known.map(rule) {
        Some(true) => Verdict::Met,
        Some(false) => Verdict::Unmet,
        None => Verdict::Unknown,
    }
}

/// Whether the binding rules let somebody in: the worst of them says.
pub fn overall(verdicts: &[RuleVerdict]) -> Verdict {
    verdicts.iter().filter(|said| said.binding).map(|said| said.verdict).max().unwrap_or(Verdict::Met)
}

/// Where a service stands among others: whom it serves first, then how well it fits, then how far its entry can be relied on.
pub fn rank(verdicts: &[RuleVerdict], freshness: Freshness) -> (Verdict, Verdict, Verdict, Freshness) {
    let of = |rule| verdicts.iter().find(|said| said.rule == rule).map_or(Verdict::Met, |said| said.verdict);
    (overall(verdicts), of(MatchRule::Language), of(MatchRule::Capacity), freshness)
}
