//! Consents in time, and what they cover, against references that are written otherwise.

use std::collections::HashMap;

use chrono::NaiveDate;
use proptest::prelude::*;

use super::data_categories::DataCategory;
use super::rules::{Capacity, ConsentStatus, Need, Recipient, Standing, Terms, capacity, covers};
use super::types::ConsentId;
use crate::access::{FieldGroup, OrganisationId, Resource};

fn day(number: i64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 1).unwrap_or_default() + chrono::TimeDelta::days(number)
}

fn consent_id(number: u128) -> ConsentId {
    ConsentId(uuid::Uuid::from_u128(number))
}

fn organisation(number: u128) -> OrganisationId {
    OrganisationId(uuid::Uuid::from_u128(number))
}

fn guards(result: Result<ConsentId, Vec<crate::error::UnmetGuard>>) -> Vec<String> {
    result.err().unwrap_or_default().into_iter().map(|guard| guard.guard.into_owned()).collect()
}

#[test]
fn a_consent_holds_from_its_first_day_until_the_day_before_its_last() {
    let standing = Standing::given(day(1), Some(day(3)));
    let holds: Vec<bool> = (0..5).map(|number| standing.holds_on(day(number))).collect();
    assert_eq!(holds, [false, true, true, false, false]);
    assert_eq!(standing.today(day(2)), ConsentStatus::Active);
    assert_eq!(standing.today(day(3)), ConsentStatus::Expired, "before anybody has recorded it");
}

#[test]
fn a_withdrawn_consent_has_held_until_the_day_before() {
    let withdrawn = Standing::given(day(1), None).ended(ConsentStatus::Withdrawn, day(5)).expect("it was active");
    assert!(withdrawn.holds_on(day(4)) && !withdrawn.holds_on(day(5)));
    for how in ConsentStatus::ALL {
        assert_eq!(withdrawn.ended(*how, day(6)), None, "for good");
    }
}

#[test]
fn what_has_expired_can_no_more_be_withdrawn_and_what_has_not_is_not_recorded_as_expired() {
    let standing = Standing::given(day(1), Some(day(3)));
    assert_eq!(standing.ended(ConsentStatus::Withdrawn, day(3)), None);
    assert_eq!(standing.ended(ConsentStatus::Superseded, day(3)), None);
    assert_eq!(standing.ended(ConsentStatus::Expired, day(2)), None);
    assert_eq!(standing.ended(ConsentStatus::Active, day(2)), None);
    let recorded = standing.ended(ConsentStatus::Expired, day(9)).expect("its day has come");
    assert!(recorded.holds_on(day(2)), "however late it is recorded");
    assert_eq!(recorded.ended(ConsentStatus::Expired, day(9)), None, "once");
}

#[test]
fn an_erasure_ends_what_is_active_and_leaves_the_rest() {
    let active = Standing::given(day(1), None).cut_short(day(4)).expect("it was active");
    assert_eq!((active.status, active.ended_on), (ConsentStatus::Expired, Some(day(4))));
    let over = Standing::given(day(1), Some(day(3))).cut_short(day(4)).expect("not recorded yet");
    assert_eq!((over.status, over.ended_on), (ConsentStatus::Expired, None));
    assert_eq!(over.cut_short(day(5)), None);
}

#[test]
fn a_minor_is_one_until_the_eighteenth_birthday() {
    let birth = NaiveDate::from_ymd_opt(2008, 2, 29);
    let of_age = NaiveDate::from_ymd_opt(2026, 3, 1).expect("a date");
    assert_eq!(capacity(birth, None, of_age - chrono::Days::new(1)), Capacity::Minor(Some(of_age)));
    assert_eq!(capacity(birth, Some("unaccompanied_minor"), of_age), Capacity::Adult);
    assert_eq!(capacity(None, Some("unaccompanied_minor"), of_age), Capacity::Minor(None));
    assert_eq!(capacity(None, Some("refugee"), of_age), Capacity::Unknown);
}

const PURPOSES: [&str; 3] = ["referral", "transfer", "case_work"];
const KINDS: [&str; 2] = ["third_sector", "school"];

fn some<T: Clone + std::fmt::Debug + 'static>(of: &[T], from: usize) -> impl Strategy<Value = Vec<T>> + use<T> {
    prop::sample::subsequence(of.to_vec(), from..=of.len())
}

fn texts(of: &[&str], from: usize) -> impl Strategy<Value = Vec<String>> + use<> {
    some(&of.iter().map(ToString::to_string).collect::<Vec<_>>(), from)
}

fn any_standing() -> impl Strategy<Value = Standing> {
    let ended = prop_oneof![
        Just(None),
        (0_i64..12, any::<bool>()).prop_map(|(on, withdrawn)| {
            let how = if withdrawn { ConsentStatus::Withdrawn } else { ConsentStatus::Superseded };
            Some((how, on))
        })
    ];
    (0_i64..8, prop::option::of(1_i64..8), ended).prop_map(|(from, length, ended)| {
        let given = Standing::given(day(from), length.map(|length| day(from + length)));
        ended.and_then(|(how, on)| given.ended(how, day(on))).unwrap_or(given)
    })
}

fn any_terms() -> impl Strategy<Value = Terms> {
    let organisations: Vec<OrganisationId> = (1..3).map(organisation).collect();
    (
        any_standing(),
        texts(&PURPOSES, 1),
        some(&DataCategory::ALL[..4], 1),
        some(&organisations, 0),
        texts(&KINDS, 0),
        any::<bool>(),
    )
        .prop_map(|(standing, purposes, data_categories, recipient_ids, recipient_kinds, onward_sharing)| Terms {
            id: consent_id(0),
            standing,
            purposes,
            data_categories,
            recipient_ids,
            recipient_kinds,
            onward_sharing,
        })
}

fn any_consents() -> impl Strategy<Value = Vec<Terms>> {
    prop::collection::vec(any_terms(), 0..6).prop_map(|mut all| {
        for (number, terms) in (1..).zip(&mut all) {
            terms.id = consent_id(number);
        }
        all
    })
}

fn any_need() -> impl Strategy<Value = Need> {
    let recipient = prop::option::of((1_u128..4, prop::sample::select(KINDS.to_vec())));
    (prop::sample::select(PURPOSES.to_vec()), some(&DataCategory::ALL[..4], 1), recipient, any::<bool>(), 0_i64..12)
        .prop_map(|(purpose, data_categories, recipient, onward_sharing, on)| Need {
            purpose: purpose.to_owned(),
            data_categories,
            recipient: recipient.map(|(id, kind)| Recipient { id: organisation(id), kind: kind.to_owned() }),
            onward_sharing,
            day: day(on),
        })
}

/// Whether one consent covers a need, said without the code under test: every single thing asked for, one by one.
fn covers_alone(terms: &Terms, need: &Need) -> bool {
    let Standing { valid_from, expires_on, ended_on, .. } = terms.standing;
    let mut holds = need.day >= valid_from;
    for end in [expires_on, ended_on].into_iter().flatten() {
        holds &= need.day < end;
    }
    let mut given = false;
    for purpose in &terms.purposes {
        given |= *purpose == need.purpose;
    }
    let mut whole = true;
    for category in &need.data_categories {
        whole &= terms.data_categories.iter().any(|covered| covered == category);
    }
    let received = match &need.recipient {
        None => true,
        Some(recipient) => {
            terms.recipient_ids.contains(&recipient.id) || terms.recipient_kinds.contains(&recipient.kind)
        }
    };
    holds && given && whole && received && (terms.onward_sharing || !need.onward_sharing)
}

/// What happens to a person's consents.
#[derive(Debug, Clone)]
enum Step {
    Give {
        length: Option<i64>,
    },
    Supersede {
        which: usize,
        length: Option<i64>,
    },
    Withdraw {
        which: usize,
    },
    /// The background work comes round.
    Record,
    Wait {
        days: i64,
    },
}

fn any_step() -> impl Strategy<Value = Step> {
    let length = prop::option::of(1_i64..6);
    prop_oneof![
        length.clone().prop_map(|length| Step::Give { length }),
        (0_usize..6, length).prop_map(|(which, length)| Step::Supersede { which, length }),
        (0_usize..6).prop_map(|which| Step::Withdraw { which }),
        Just(Step::Record),
        (1_i64..4).prop_map(|days| Step::Wait { days }),
    ]
}

/// A consent of the ledger, with what the reference knows of it: the first day it held no more, and why.
struct Entry {
    standing: Standing,
    supersedes: Option<usize>,
    from: i64,
    until: Option<(i64, ConsentStatus)>,
}

impl Entry {
    fn given(today: i64, length: Option<i64>, supersedes: Option<usize>) -> Self {
        Self {
            standing: Standing::given(day(today), length.map(|length| day(today + length))),
            supersedes,
            from: today,
            until: length.map(|length| (today + length, ConsentStatus::Expired)),
        }
    }

    fn reference(&self, today: i64) -> ConsentStatus {
        self.until.filter(|(until, _)| *until <= today).map_or(ConsentStatus::Active, |(_, how)| how)
    }

    /// Ends it in both accounts, which must agree on whether that is possible.
    fn end(&mut self, how: ConsentStatus, today: i64) -> bool {
        let possible = self.reference(today) == ConsentStatus::Active;
        let ended = self.standing.ended(how, day(today));
        assert_eq!(ended.is_some(), possible, "{how} on day {today}: {:?}", self.standing);
        if let Some(ended) = ended {
            self.standing = ended;
            self.until = Some((today, how));
        }
        possible
    }
}

fn take(ledger: &mut Vec<Entry>, step: &Step, today: &mut i64) {
    match step {
        Step::Give { length } => ledger.push(Entry::given(*today, *length, None)),
        Step::Supersede { which, length } => {
            if ledger.get_mut(*which).is_some_and(|earlier| earlier.end(ConsentStatus::Superseded, *today)) {
                ledger.push(Entry::given(*today, *length, Some(*which)));
            }
        }
        Step::Withdraw { which } => {
            if let Some(entry) = ledger.get_mut(*which) {
                entry.end(ConsentStatus::Withdrawn, *today);
            }
        }
        Step::Record => {
            for entry in ledger {
                entry.standing = entry.standing.ended(ConsentStatus::Expired, day(*today)).unwrap_or(entry.standing);
            }
        }
        Step::Wait { days } => *today += days,
    }
}

proptest! {
    #[test]
    fn a_need_is_covered_where_one_consent_covers_all_of_it(consents in any_consents(), need in any_need()) {
        let covering: Vec<ConsentId> =
            consents.iter().filter(|terms| covers_alone(terms, &need)).map(|terms| terms.id).collect();
        match covers(&consents, &need) {
            Ok(id) => prop_assert_eq!(Some(id), covering.last().copied(), "the newest"),
            Err(missing) => {
                prop_assert!(covering.is_empty(), "{:?}", missing);
                prop_assert!(!missing.is_empty() && missing.iter().all(|guard| guard.detail.len() <= 500));
            }
        }
    }

    #[test]
    fn what_is_missing_is_what_one_consent_lacks_and_no_more(terms in any_terms(), need in any_need()) {
        prop_assume!(terms.standing.holds_on(need.day));
        let named = guards(covers(std::slice::from_ref(&terms), &need));
        // With what is named added, it is covered; with any of it left out, it is not.
        let mended = |without: Option<&str>| {
            let mut mended = terms.clone();
            for guard in named.iter().filter(|guard| Some(guard.as_str()) != without) {
                match guard.as_str() {
                    "consent_purpose" => mended.purposes.push(need.purpose.clone()),
                    "consent_data_categories" => mended.data_categories.extend(&need.data_categories),
                    "consent_recipient" => mended.recipient_ids.extend(need.recipient.as_ref().map(|to| to.id)),
                    "consent_onward_sharing" => mended.onward_sharing = true,
                    _ => return false,
                }
            }
            covers_alone(&mended, &need)
        };
        prop_assert!(mended(None));
        for guard in &named {
            prop_assert!(!mended(Some(guard)), "{} was not missing", guard);
        }
    }

    #[test]
    fn no_sequence_leaves_a_consent_active_beside_the_one_it_supersedes(
        steps in prop::collection::vec(any_step(), 0..25)
    ) {
        let (mut ledger, mut today) = (Vec::new(), 0);
        let mut past: HashMap<(usize, i64), bool> = HashMap::new();
        for step in &steps {
            take(&mut ledger, step, &mut today);
            for (number, entry) in ledger.iter().enumerate() {
                let stands = entry.standing.today(day(today));
                prop_assert_eq!(stands, entry.reference(today), "consent {} on day {}", number, today);
                let superseded = entry.supersedes.and_then(|earlier| ledger.get(earlier));
                if let Some(superseded) = superseded {
                    prop_assert_ne!(superseded.standing.today(day(today)), ConsentStatus::Active);
                    prop_assert!(!superseded.standing.holds_on(day(today)));
                }
                prop_assert_eq!(entry.standing.holds_on(day(today)), stands == ConsentStatus::Active);
                // What was lawful on a day that is past stays so.
                for on in entry.from..today {
                    let holds = entry.standing.holds_on(day(on));
                    prop_assert_eq!(*past.entry((number, on)).or_insert(holds), holds, "day {} on day {}", on, today);
                }
            }
        }
    }
}

#[test]
fn what_is_missing_is_said_of_the_consent_that_comes_closest() {
    let consent = |number, purpose: &str, categories: &[DataCategory]| Terms {
        id: consent_id(number),
        standing: Standing::given(day(0), None),
        purposes: vec![purpose.to_owned()],
        data_categories: categories.to_vec(),
        recipient_ids: vec![organisation(1)],
        recipient_kinds: Vec::new(),
        onward_sharing: false,
    };
    let need = Need {
        purpose: "referral".to_owned(),
        data_categories: vec![DataCategory::Identity, DataCategory::Health, DataCategory::Notes],
        recipient: Some(Recipient { id: organisation(1), kind: "school".to_owned() }),
        onward_sharing: false,
        day: day(0),
    };
    assert_eq!(guards(covers(&[], &need)), ["consent"]);
    let other = consent(1, "transfer", DataCategory::ALL);
    assert_eq!(guards(covers(std::slice::from_ref(&other), &need)), ["consent_purpose"]);
    let close = consent(2, "referral", &[DataCategory::Identity, DataCategory::Notes]);
    let missing = covers(&[close, other], &need).expect_err("health is missing");
    assert_eq!(missing.len(), 1);
    assert_eq!(missing[0].detail, "the consent does not cover these categories of data: health");
    assert_eq!(guards(covers(&[consent(3, "referral", DataCategory::ALL)], &need)), [""; 0]);
}

#[test]
fn the_shipped_lists_have_the_codes_that_the_rules_know() {
    let shipped: serde_json::Value =
        serde_json::from_str(include_str!("../../../../codes/code_lists.json")).expect("JSON");
    let codes = |name: &str| -> Vec<String> {
        let list = shipped.as_array().expect("lists").iter().find(|list| list["name"] == name).expect("the list");
        let codes = list["codes"].as_array().expect("codes").iter();
        codes.map(|code| code["code"].as_str().expect("a code").to_owned()).collect()
    };
    let known: Vec<&str> = DataCategory::ALL.iter().map(|category| category.as_str()).collect();
    assert_eq!(codes("data_categories"), known);
    assert!(codes("consent_purposes").iter().any(|code| code == super::rules::CASE_WORK));
}

#[test]
fn whatever_is_kept_of_people_has_a_category() {
    use crate::{cases, people};
    type Guarded = &'static [(&'static str, FieldGroup)];
    let kept: [(Resource, Guarded); 17] = [
        (Resource::People, &people::types::GUARDED),
        (Resource::Contacts, &people::contacts::GUARDED),
        (Resource::Relations, &people::relations::GUARDED),
        (Resource::Households, &people::households::GUARDED),
        (Resource::CaseHouseholdMembers, &cases::household_members::GUARDED),
        (Resource::LegalStatuses, &people::legal_statuses::GUARDED),
        (Resource::Consents, &super::types::GUARDED),
        (Resource::Cases, &cases::types::GUARDED),
        (Resource::Assessments, &cases::assessments::GUARDED),
        (Resource::Plans, &cases::plans::GUARDED),
        (Resource::Goals, &[]),
        (Resource::Reminders, &[]),
        (Resource::Notes, &[]),
        (Resource::Attachments, &[]),
        (Resource::Tasks, &[]),
        (Resource::Appointments, &[]),
        (Resource::Pathways, &[]),
    ];
    for (resource, guarded) in kept {
        assert!(DataCategory::of(resource, None).is_some(), "{resource}");
        for (member, group) in guarded {
            let category = DataCategory::of(resource, Some(*group));
            assert!(category.is_some(), "{resource}: {member}");
            // Who may read health alone by consent never gets it under another name.
            assert_eq!(category == Some(DataCategory::Health), *group == FieldGroup::Health, "{resource}: {member}");
        }
    }
    assert_eq!(DataCategory::of(Resource::Organisations, None), None);
    assert_eq!(DataCategory::of(Resource::Plans, Some(FieldGroup::Notes)), Some(DataCategory::Notes));
    assert_eq!(DataCategory::of(Resource::Contacts, Some(FieldGroup::Identity)), Some(DataCategory::Contact));
}
