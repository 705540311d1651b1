//! How people can be related: pure. Who descends from whom has no circles; a guardian is of age and the ward is not, on the day
//! the guardianship begins (Italian civil code, art. 343 and 350; law 47/2017, art. 11).

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use approdo_db::text_enum;
use chrono::NaiveDate;
use utoipa::ToSchema;

use crate::clock;
use crate::error::UnmetGuard;
use crate::people::types::Warning;

text_enum! {
    /// What the subject of a relation is to its object.
    #[derive(ToSchema)]
    RelationKind {
        ParentOf = "parent_of",
        GuardianOf = "guardian_of",
        SpouseOf = "spouse_of",
        SiblingOf = "sibling_of",
        RelativeOf = "relative_of",
    }
}

impl RelationKind {
    /// Whether it cannot lead back to where it began, over however many people.
    pub fn is_acyclic(self) -> bool {
        matches!(self, Self::ParentOf | Self::GuardianOf)
    }

    /// Whether it holds the other way round as well.
    pub fn is_mutual(self) -> bool {
        matches!(self, Self::SpouseOf | Self::SiblingOf | Self::RelativeOf)
    }
}

/// Whether a relation from a subject to an object would close a circle of these. What leads nowhere near may be among them.
pub fn closes_circle<T: Copy + Eq + Hash>(relations: &[(T, T)], (subject, object): (T, T)) -> bool {
    let mut below: HashMap<T, Vec<T>> = HashMap::new();
    for (from, to) in relations {
        below.entry(*from).or_default().push(*to);
    }
    let (mut waiting, mut seen) = (vec![object], HashSet::new());
    while let Some(person) = waiting.pop() {
        if person == subject {
            return true;
        }
        if seen.insert(person) {
            waiting.extend(below.get(&person).into_iter().flatten().copied());
        }
    }
    false
}

/// What stands in the way of a guardianship from this day on, and what to look at. A date of birth that is not known stands in
/// nobody's way: the court has appointed the guardian, and a register that refused to say so would only collect invented dates.
pub fn guardianship(
    guardian: Option<Option<NaiveDate>>,
    ward: Option<NaiveDate>,
    on: NaiveDate,
) -> (Vec<UnmetGuard>, Vec<Warning>) {
    let of_age = |birth: NaiveDate| clock::of_age_on(birth).is_some_and(|day| day <= on);
    let (mut unmet, mut warnings) = (Vec::new(), Vec::new());
    let mut unknown = |code, detail: &str| warnings.push(Warning { code, pointer: None, detail: detail.into() });
    match guardian {
        Some(Some(birth)) if !of_age(birth) => {
            unmet.push(UnmetGuard::new("guardian_of_age", "the guardian must be of age on valid_from"));
        }
        Some(None) => unknown("guardian_age_unknown", "the guardian's date of birth is not known"),
        // Who has no record here was looked at by the court.
        Some(Some(_)) | None => {}
    }
    match ward {
        Some(birth) if of_age(birth) => {
            unmet.push(UnmetGuard::new("ward_minor", "the ward must be a minor on valid_from"));
        }
        None => unknown("ward_age_unknown", "the ward's date of birth is not known"),
        Some(_) => {}
    }
    (unmet, warnings)
}

/// The day a guardianship ends: on the one it was given, at the latest when the ward comes of age (Italian civil code, art. 2: who
/// is eighteen acts for themselves, and the guardianship of a minor, art. 343, has nobody left). None while neither is known.
pub fn guardianship_end(given: Option<NaiveDate>, ward: Option<NaiveDate>) -> Option<NaiveDate> {
    given.into_iter().chain(ward.and_then(clock::of_age_on)).min()
}

/// The same when the ward's date of birth is rectified: an end on the former eighteenth birthday was that birthday's, not the
/// court's, and goes with it.
pub fn guardianship_end_anew(
    end: Option<NaiveDate>,
    former_birth: Option<NaiveDate>,
    birth: Option<NaiveDate>,
) -> Option<NaiveDate> {
    let former = former_birth.and_then(clock::of_age_on);
    guardianship_end(end.filter(|end| Some(*end) != former), birth)
}

/// What is odd about a parent and a child.
pub fn parentage(parent: Option<NaiveDate>, child: Option<NaiveDate>) -> Option<Warning> {
    let odd = parent.zip(child).is_some_and(|(parent, child)| parent >= child);
    odd.then(|| Warning {
        code: "odd_ages",
        pointer: None,
        detail: "the parent would not be older than the child".into(),
    })
}
