use chrono::{Days, NaiveDate};
use proptest::prelude::*;

use super::rules::EvaluationRoundStatus::{Closed, Collecting, Planned, Response, Synthesis};
use super::rules::{
    EvaluationRoundStatus, Facts, StakeholderCategory, Wish, refusal_of_contributions, refusal_of_edit,
    told_to_everyone,
};

fn day(ahead: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 1).expect("a day") + Days::new(ahead)
}

/// Everything is there, on the tenth day of ten.
const fn ready(status: EvaluationRoundStatus, first: NaiveDate, last: NaiveDate, today: NaiveDate) -> Facts {
    Facts {
        status,
        has_call: true,
        collects_from: Some(first),
        collects_until: Some(last),
        categories: 2,
        contributions: 3,
        unplaced: 0,
        themes: 1,
        unanswered: 0,
        today,
    }
}

fn lacks(facts: &Facts, wish: Wish) -> Vec<String> {
    facts.lacks(wish).into_iter().map(|guard| guard.guard.into_owned()).collect()
}

#[test]
fn a_round_is_called_for_with_a_question_days_and_those_who_are_asked() {
    let facts = ready(Planned, day(0), day(10), day(10));
    let wish = Wish::Collecting { until: None };
    assert!(lacks(&facts, wish).is_empty());
    let bare = Facts { has_call: false, categories: 0, collects_from: None, ..facts };
    assert_eq!(lacks(&bare, wish), ["call", "categories", "period"]);
    assert_eq!(lacks(&Facts { collects_until: None, ..facts }, wish), ["period"]);
    assert_eq!(lacks(&Facts { today: day(11), ..facts }, wish), ["period_to_come"]);
    assert!(lacks(&Facts { today: day(11), ..facts }, Wish::Collecting { until: Some(day(11)) }).is_empty());
}

#[test]
fn to_open_a_round_once_more_takes_a_day_to_come() {
    let facts = ready(Synthesis, day(0), day(10), day(12));
    assert_eq!(lacks(&facts, Wish::Collecting { until: None }), ["period"]);
    assert_eq!(lacks(&facts, Wish::Collecting { until: Some(day(11)) }), ["period_to_come"]);
    assert!(lacks(&facts, Wish::Collecting { until: Some(day(12)) }).is_empty());
}

#[test]
fn nobody_is_cut_off_before_the_last_day_is_over() {
    let facts = ready(Collecting, day(0), day(10), day(10));
    let wish = Wish::Synthesis { says_why_nobody: false };
    assert_eq!(lacks(&facts, wish), ["collecting_over"]);
    let over = Facts { today: day(11), ..facts };
    assert!(lacks(&over, wish).is_empty());
    let nobody = Facts { contributions: 0, ..over };
    assert_eq!(lacks(&nobody, wish), ["contributions"]);
    assert!(lacks(&nobody, Wish::Synthesis { says_why_nobody: true }).is_empty());
}

#[test]
fn only_a_round_to_which_nobody_contributed_has_no_theme() {
    let facts = ready(Synthesis, day(0), day(10), day(12));
    assert!(lacks(&facts, Wish::Response).is_empty());
    assert_eq!(lacks(&Facts { themes: 0, ..facts }, Wish::Response), ["themes"]);
    assert_eq!(lacks(&Facts { unplaced: 1, ..facts }, Wish::Response), ["contributions_placed"]);
    assert!(lacks(&Facts { themes: 0, contributions: 0, ..facts }, Wish::Response).is_empty());
    let answered = Facts { status: Response, ..facts };
    assert!(lacks(&answered, Wish::Closed).is_empty());
    assert_eq!(lacks(&Facts { unanswered: 1, ..answered }, Wish::Closed), ["responses"]);
}

#[test]
fn what_was_called_for_stays_and_its_last_day_is_only_put_off() {
    let (before, later) = (Some(day(10)), Some(day(11)));
    assert!(refusal_of_edit(Planned, &["title", "collects_until"], (before, None), day(10)).is_none());
    assert!(refusal_of_edit(Collecting, &["collects_until"], (before, later), day(10)).is_none());
    assert!(refusal_of_edit(Collecting, &["collects_until"], (before, Some(day(9))), day(10)).is_some());
    assert!(refusal_of_edit(Collecting, &["collects_until"], (before, None), day(10)).is_some());
    assert!(refusal_of_edit(Collecting, &["title"], (before, before), day(10)).is_some());
    assert!(refusal_of_edit(Collecting, &["title", "collects_until"], (before, later), day(10)).is_some());
    // The day after its last one it is over.
    assert!(refusal_of_edit(Collecting, &["collects_until"], (before, later), day(11)).is_some());
    for status in [Synthesis, Response, Closed] {
        assert!(refusal_of_edit(status, &["collects_until"], (before, later), day(10)).is_some());
        assert!(refusal_of_edit(status, &[], (before, before), day(10)).is_none());
    }
}

#[test]
fn of_residents_alone_a_handful_is_hidden() {
    for &category in StakeholderCategory::ALL {
        for count in 0..10 {
            let hidden = category == StakeholderCategory::Resident && (1..=4).contains(&count);
            assert_eq!(told_to_everyone(category, count).is_none(), hidden, "{category} {count}");
        }
    }
}

/// A contribution of the model: under how many themes it is placed, whether it was set aside.
#[derive(Debug, Clone, Copy, Default)]
struct Said {
    placed: bool,
    aside: bool,
}

/// A round as the operations keep it.
#[derive(Debug, Clone)]
struct Round {
    status: EvaluationRoundStatus,
    until: NaiveDate,
    today: NaiveDate,
    said: Vec<Said>,
    answered: Vec<bool>,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Days(u64),
    Contribute,
    PutOff(u64),
    Theme,
    Place(usize),
    SetAside(usize),
    Answer(usize),
    Ask(Wish),
}

const FIRST: u64 = 5;

impl Round {
    fn facts(&self) -> Facts {
        let count = |number: usize| i64::try_from(number).expect("few");
        Facts {
            contributions: count(self.said.len()),
            unplaced: count(self.said.iter().filter(|one| !one.placed && !one.aside).count()),
            themes: count(self.answered.len()),
            unanswered: count(self.answered.iter().filter(|answered| !**answered).count()),
            ..ready(self.status, day(FIRST), self.until, self.today)
        }
    }

    fn takes_contributions(&self) -> bool {
        refusal_of_contributions(self.status, (Some(day(FIRST)), Some(self.until)), self.today).is_none()
    }

    fn take(&mut self, step: Step) {
        let at = |index: usize, length: usize| if length == 0 { None } else { Some(index % length) };
        match step {
            Step::Days(days) => self.today = self.today + Days::new(days),
            Step::Contribute if self.takes_contributions() => self.said.push(Said::default()),
            Step::PutOff(to) => {
                let after = Some(day(to));
                if refusal_of_edit(self.status, &["collects_until"], (Some(self.until), after), self.today).is_none()
                    && to >= FIRST
                {
                    self.until = day(to);
                }
            }
            Step::Theme if self.status == Synthesis => self.answered.push(false),
            Step::Place(index) if self.status == Synthesis && !self.answered.is_empty() => {
                if let Some(one) = at(index, self.said.len()).and_then(|at| self.said.get_mut(at)) {
                    one.placed |= !one.aside;
                }
            }
            Step::SetAside(index) if matches!(self.status, Collecting | Synthesis) => {
                if let Some(one) = at(index, self.said.len()).and_then(|at| self.said.get_mut(at)) {
                    one.aside |= !one.placed;
                }
            }
            Step::Answer(index) if self.status == Response => {
                if let Some(one) = at(index, self.answered.len()).and_then(|at| self.answered.get_mut(at)) {
                    *one = true;
                }
            }
            Step::Ask(wish) if self.status.next().contains(&wish.to()) && self.facts().lacks(wish).is_empty() => {
                if let Wish::Collecting { until: Some(until) } = wish {
                    self.until = until;
                }
                self.status = wish.to();
            }
            _ => {}
        }
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    let wish = prop_oneof![
        prop::option::of(0_u64..60).prop_map(|until| Wish::Collecting { until: until.map(day) }),
        any::<bool>().prop_map(|says_why_nobody| Wish::Synthesis { says_why_nobody }),
        Just(Wish::Response),
        Just(Wish::Closed),
    ];
    prop_oneof![
        2 => (1_u64..10).prop_map(Step::Days),
        3 => Just(Step::Contribute),
        1 => (0_u64..60).prop_map(Step::PutOff),
        2 => Just(Step::Theme),
        3 => (0_usize..8).prop_map(Step::Place),
        1 => (0_usize..8).prop_map(Step::SetAside),
        3 => (0_usize..8).prop_map(Step::Answer),
        6 => wish.prop_map(Step::Ask),
    ]
}

proptest! {
    #[test]
    fn no_sequence_of_commands_leaves_a_contribution_or_a_theme_unanswered(steps in prop::collection::vec(any_step(), 1..120)) {
        let mut round = Round { status: Planned, until: day(20), today: day(0), said: Vec::new(), answered: Vec::new() };
        for step in steps {
            let before = round.clone();
            round.take(step);
            if round.status != before.status {
                prop_assert!(before.status.next().contains(&round.status));
            }
            if round.said.len() > before.said.len() {
                prop_assert!(before.status == Collecting && (day(FIRST)..=before.until).contains(&before.today));
            }
            if matches!(before.status, Collecting | Synthesis) {
                prop_assert!(round.until >= before.until, "a last day that was called for came closer");
            }
            if before.status == Collecting && round.status == Synthesis {
                prop_assert!(before.until < before.today);
            }
            if matches!(round.status, Response | Closed) {
                prop_assert!(round.said.iter().all(|one| one.placed || one.aside));
                prop_assert!(round.said.is_empty() || !round.answered.is_empty());
                prop_assert_eq!(round.said.len(), before.said.len());
            }
            if round.status == Closed {
                prop_assert!(round.answered.iter().all(|answered| *answered));
            }
        }
    }
}
