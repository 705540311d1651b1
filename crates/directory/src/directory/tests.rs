//! Freshness, and the weighing of services against a reference.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::HashSet;

use chrono::{NaiveDate, TimeDelta};
use proptest::prelude::*;
use uuid::Uuid;

use crate::access::TerritoryId;
use crate::directory::capacities::CapacityState;
use crate::directory::eligibility::Eligibility;
use crate::directory::matching::{MatchRule, Offer, Verdict, Wants, overall, rank};
use crate::directory::services::Freshness;

fn some_of(most: u8) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(0..most, 0..3)
}

fn text(code: u8) -> String {
    format!("code_{code}")
}

fn territory(code: u8) -> TerritoryId {
    TerritoryId(Uuid::from_u128(u128::from(code) + 1))
}

prop_compose! {
    fn offers()(
        minimum_age in prop::option::of(0_i64..100), maximum_age in prop::option::of(0_i64..100), groups in some_of(3),
        statuses in some_of(3), territories in some_of(3), languages in some_of(3), renewal_pending_counts: bool,
        capacity in prop::option::of(prop::sample::select(CapacityState::ALL)),
        freshness in prop::sample::select(Freshness::ALL),
    ) -> Offer {
        Offer {
            minimum_age,
            maximum_age,
            eligibility: Eligibility {
                target_groups: groups.into_iter().map(text).collect(),
                legal_statuses: statuses.into_iter().map(text).collect(),
                territory_ids: territories.into_iter().map(territory).collect(),
                renewal_pending_counts,
            },
            languages: languages.into_iter().map(text).collect(),
            capacity,
            freshness,
        }
    }
}

prop_compose! {
    fn wants()(
        age in prop::option::of(0_i64..100), group in prop::option::of(0_u8..3), status in prop::option::of(0_u8..3),
        renewal_pending: bool, residence in prop::option::of(some_of(3)), languages in some_of(3),
    ) -> Wants {
        Wants {
            age,
            target_group: group.map(text),
            legal_status: status.map(text),
            renewal_pending,
            residence: residence.map(|lies_in| lies_in.into_iter().map(territory).collect::<HashSet<_>>()),
            languages: languages.into_iter().map(text).collect(),
        }
    }
}

/// Whether somebody like this could be let in, for one way of filling in what is not told.
fn lets_in(offer: &Offer, age: i64, group: &str, status: &str, lies_in: &HashSet<TerritoryId>, pending: bool) -> bool {
    let rules = &offer.eligibility;
    let aged = (offer.minimum_age.unwrap_or(0)..=offer.maximum_age.unwrap_or(i64::MAX)).contains(&age);
    let grouped = rules.target_groups.is_empty() || rules.target_groups.iter().any(|wanted| wanted == group);
    let held = match (rules.legal_statuses.is_empty(), pending) {
        (true, _) => true,
        (false, true) if !rules.renewal_pending_counts => false,
        (false, _) => rules.legal_statuses.iter().any(|wanted| wanted == status),
    };
    let lives = rules.territory_ids.is_empty() || rules.territory_ids.iter().any(|wanted| lies_in.contains(wanted));
    aged && grouped && held && lives
}

proptest! {
    #[test]
    fn who_tells_everything_is_let_in_or_not_and_never_in_doubt(offer in offers(), wants in wants()) {
        let told = Wants {
            age: Some(wants.age.unwrap_or(30)),
            target_group: Some(wants.target_group.unwrap_or_else(|| text(1))),
            legal_status: Some(wants.legal_status.unwrap_or_else(|| text(1))),
            residence: Some(wants.residence.unwrap_or_default()),
            ..wants
        };
        let reference = lets_in(
            &offer, told.age.unwrap(), told.target_group.as_deref().unwrap(), told.legal_status.as_deref().unwrap(),
            told.residence.as_ref().unwrap(), told.renewal_pending,
        );
        let verdict = overall(&offer.weigh(&told));
        prop_assert_eq!(verdict, if reference { Verdict::Met } else { Verdict::Unmet });
    }

    #[test]
    fn saying_more_decides_doubts_and_overturns_nothing(offer in offers(), wants in wants(), age in 0_i64..100, group in 0_u8..3) {
        let before = overall(&offer.weigh(&wants));
        let more = Wants {
            age: wants.age.or(Some(age)),
            target_group: wants.target_group.clone().or_else(|| Some(text(group))),
            ..wants
        };
        let after = overall(&offer.weigh(&more));
        prop_assert!(before == Verdict::Unknown || before == after, "{} became {}", before, after);
    }

    #[test]
    fn a_rule_is_told_where_the_service_has_it(offer in offers(), wants in wants()) {
        let rules: HashSet<MatchRule> = offer.weigh(&wants).into_iter().map(|said| said.rule).collect();
        prop_assert_eq!(rules.contains(&MatchRule::Age), offer.minimum_age.is_some() || offer.maximum_age.is_some());
        prop_assert_eq!(rules.contains(&MatchRule::TargetGroup), !offer.eligibility.target_groups.is_empty());
        prop_assert_eq!(rules.contains(&MatchRule::LegalStatus), !offer.eligibility.legal_statuses.is_empty());
        prop_assert_eq!(rules.contains(&MatchRule::Residence), !offer.eligibility.territory_ids.is_empty());
        prop_assert_eq!(rules.contains(&MatchRule::Language), !wants.languages.is_empty());
    }

    #[test]
    fn nobody_stands_before_a_service_that_lets_them_in_and_is_not_one(
        offers in prop::collection::vec(offers(), 1..6), wants in wants(),
    ) {
        let mut ranked: Vec<_> = offers.iter().map(|offer| (rank(&offer.weigh(&wants), offer.freshness), offer)).collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        let verdicts: Vec<Verdict> = ranked.iter().map(|(_, offer)| overall(&offer.weigh(&wants))).collect();
        prop_assert!(verdicts.is_sorted());
    }

    #[test]
    fn an_entry_ages_and_never_becomes_fresher(age in 0_i64..1000, later in 0_i64..1000) {
        let today = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        let of = |days| Freshness::of(Some(today - TimeDelta::days(days)), today);
        prop_assert!(of(age) <= of(age + later));
        prop_assert_eq!(of(age) == Freshness::Fresh, age <= 180);
        prop_assert_eq!(of(age) == Freshness::Stale, age > 365);
    }
}
