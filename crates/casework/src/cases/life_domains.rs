//! Life domains, how a person stands in each, and what changed between two assessments (domain 4): pure.

use std::collections::BTreeMap;

use approdo_db::text_enum;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

text_enum! {
    /// A domain of life that an assessment looks at.
    #[derive(ToSchema)]
    LifeDomain {
        Legal = "legal",
        Housing = "housing",
        Language = "language",
        Education = "education",
        Work = "work",
        Health = "health",
        Family = "family",
        Social = "social",
        Digital = "digital",
    }
}

/// How a person stands in one life domain: what is needed and what there is to build on, each from 0 (none) to 4 (very much).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rating {
    pub domain: LifeDomain,
    #[validate(range(min = 0, max = 4))]
    #[schema(minimum = 0, maximum = 4)]
    pub need: i64,
    #[validate(range(min = 0, max = 4))]
    #[schema(minimum = 0, maximum = 4)]
    pub strength: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = 2000))]
    #[schema(nullable = false, min_length = 1, max_length = 2000)]
    pub note: Option<String>,
    /// What it rests on: a certificate, an observation, the person's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = 2000))]
    #[schema(nullable = false, min_length = 1, max_length = 2000)]
    pub evidence: Option<String>,
}

/// What changed in one life domain. A need that falls and a strength that rises are progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DomainDelta {
    pub domain: LifeDomain,
    #[schema(minimum = 0, maximum = 4)]
    pub need_before: i64,
    #[schema(minimum = 0, maximum = 4)]
    pub need_after: i64,
    /// After minus before: below zero the need has become less.
    #[schema(minimum = -4, maximum = 4)]
    pub need_change: i64,
    #[schema(minimum = 0, maximum = 4)]
    pub strength_before: i64,
    #[schema(minimum = 0, maximum = 4)]
    pub strength_after: i64,
    /// After minus before: above zero there is more to build on.
    #[schema(minimum = -4, maximum = 4)]
    pub strength_change: i64,
}

/// The domains that both assessments rated, with what changed, in the order of the domains.
pub fn deltas(before: &[Rating], after: &[Rating]) -> Vec<DomainDelta> {
    let before: BTreeMap<LifeDomain, &Rating> = before.iter().map(|rating| (rating.domain, rating)).collect();
    let after: BTreeMap<LifeDomain, &Rating> = after.iter().map(|rating| (rating.domain, rating)).collect();
    after
        .into_iter()
        .filter_map(|(domain, now)| {
            let then = before.get(&domain)?;
            Some(DomainDelta {
                domain,
                need_before: then.need,
                need_after: now.need,
                need_change: now.need - then.need,
                strength_before: then.strength,
                strength_after: now.strength,
                strength_change: now.strength - then.strength,
            })
        })
        .collect()
}

/// The domains that are not rated.
pub fn missing(ratings: &[Rating]) -> Vec<LifeDomain> {
    LifeDomain::ALL.iter().copied().filter(|domain| !ratings.iter().any(|rating| rating.domain == *domain)).collect()
}

/// The first rating whose domain was rated before, by its place.
pub fn repeated(ratings: &[Rating]) -> Option<usize> {
    ratings
        .iter()
        .enumerate()
        .position(|(at, rating)| ratings.iter().take(at).any(|other| other.domain == rating.domain))
}
