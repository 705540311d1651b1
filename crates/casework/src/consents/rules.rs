//! Consents in time, and what they cover: pure, no database, no HTTP.
//!
//! `active`→`withdrawn`|`expired`|`superseded`, all of them for good. Whether a consent holds on a day is told by its dates alone, so
//! that what was lawful on a day stays so whatever happens later (GDPR art. 7(3)).

use std::cmp::Reverse;

use approdo_db::text_enum;
use chrono::NaiveDate;
use utoipa::ToSchema;

use crate::access::OrganisationId;
use crate::clock;
use crate::consents::data_categories::DataCategory;
use crate::consents::types::ConsentId;
use crate::error::UnmetGuard;

text_enum! {
    /// How a consent stands.
    #[derive(ToSchema)]
    ConsentStatus {
        Active = "active",
        /// Taken back (GDPR art. 7(3)): what was done before stays lawful.
        Withdrawn = "withdrawn",
        /// The day it was given until has come.
        Expired = "expired",
        /// Another consent stands in its place.
        Superseded = "superseded",
    }
}

/// The purpose that a case is worked on for: a code of `consent_purposes`.
pub const CASE_WORK: &str = "case_work";

/// The target group of those who are minors as long as nothing else is known.
const UNACCOMPANIED_MINOR: &str = "unaccompanied_minor";

/// How a consent stands, with its dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub status: ConsentStatus,
    pub valid_from: NaiveDate,
    /// The first day it holds no more by what was agreed.
    pub expires_on: Option<NaiveDate>,
    /// The first day it holds no more because it was withdrawn, superseded, or ended with the person's erasure.
    pub ended_on: Option<NaiveDate>,
}

impl Standing {
    /// Of a consent that has just been given.
    pub fn given(valid_from: NaiveDate, expires_on: Option<NaiveDate>) -> Self {
        Self { status: ConsentStatus::Active, valid_from, expires_on, ended_on: None }
    }

    /// How it stands today, whether or not its end has been recorded yet.
    pub fn today(self, today: NaiveDate) -> ConsentStatus {
        let over = self.expires_on.is_some_and(|end| end <= today);
        if self.status == ConsentStatus::Active && over { ConsentStatus::Expired } else { self.status }
    }

    /// Whether it holds on a day.
    pub fn holds_on(self, day: NaiveDate) -> bool {
        let before = |end: Option<NaiveDate>| end.is_none_or(|end| day < end);
        self.valid_from <= day && before(self.expires_on) && before(self.ended_on)
    }

    /// Withdrawn, superseded, or recorded as expired, today; none where the machine has no such move.
    pub fn ended(self, how: ConsentStatus, today: NaiveDate) -> Option<Self> {
        use ConsentStatus::{Active, Expired, Superseded, Withdrawn};
        match (self.today(today), how) {
            (Active, Withdrawn | Superseded) => Some(Self { status: how, ended_on: Some(today), ..self }),
            (Expired, Expired) if self.status == Active => Some(Self { status: Expired, ..self }),
            _ => None,
        }
    }

    /// Ended before its day, because there is nobody left whom it is about; none where it has ended already.
    pub fn cut_short(self, today: NaiveDate) -> Option<Self> {
        let ended_on = (self.today(today) == ConsentStatus::Active).then_some(today);
        let ended = Self { status: ConsentStatus::Expired, ended_on, ..self };
        (self.status == ConsentStatus::Active).then_some(ended)
    }
}

/// Whether somebody cannot consent alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capacity {
    Adult,
    /// Whoever holds parental responsibility consents, until this day where it is known: the first as an adult.
    Minor(Option<NaiveDate>),
    /// The date of birth is not known, and nothing says that it is a minor's.
    Unknown,
}

/// Whether the person can consent alone on a day: from the eighteenth birthday on (Italian civil code, art. 2; § 2 BGB). The lower
/// ages of GDPR art. 8 are for services of the information society that are offered to children, which this is not.
pub fn capacity(birth: Option<NaiveDate>, target_group: Option<&str>, on: NaiveDate) -> Capacity {
    match birth.and_then(clock::of_age_on) {
        Some(of_age) if on < of_age => Capacity::Minor(Some(of_age)),
        Some(_) => Capacity::Adult,
        None if target_group == Some(UNACCOMPANIED_MINOR) => Capacity::Minor(None),
        None => Capacity::Unknown,
    }
}

/// What a consent was given to.
#[derive(Debug, Clone)]
pub struct Terms {
    pub id: ConsentId,
    pub standing: Standing,
    pub purposes: Vec<String>,
    pub data_categories: Vec<DataCategory>,
    pub recipient_ids: Vec<OrganisationId>,
    /// Codes of `organisation_kinds`: whoever is of such a kind.
    pub recipient_kinds: Vec<String>,
    pub onward_sharing: bool,
}

/// The organisation that data is to go to (GDPR art. 4(9)).
#[derive(Debug, Clone)]
pub struct Recipient {
    pub id: OrganisationId,
    pub kind: String,
}

/// What somebody wants to do with a person's data.
#[derive(Debug, Clone)]
pub struct Need {
    pub purpose: String,
    pub data_categories: Vec<DataCategory>,
    /// None where the data stays with the organisation responsible for the person's record.
    pub recipient: Option<Recipient>,
    /// Whether somebody who received the data wants to hand it on (domain 13).
    pub onward_sharing: bool,
    pub day: NaiveDate,
}

impl Terms {
    /// What of the need this consent was not given to; nothing where it covers it.
    fn lacks(&self, need: &Need) -> Vec<UnmetGuard> {
        let mut lacks = Vec::new();
        if !self.purposes.contains(&need.purpose) {
            lacks.push(UnmetGuard::new("consent_purpose", "the consent is not for this purpose"));
        }
        let outside = need.data_categories.iter().filter(|category| !self.data_categories.contains(category));
        let outside: Vec<&str> = outside.map(|category| category.as_str()).collect();
        if !outside.is_empty() {
            let detail = format!("the consent does not cover these categories of data: {}", outside.join(", "));
            lacks.push(UnmetGuard { guard: "consent_data_categories".into(), detail: detail.into() });
        }
        let named = |recipient: &Recipient| {
            self.recipient_ids.contains(&recipient.id) || self.recipient_kinds.contains(&recipient.kind)
        };
        if need.recipient.as_ref().is_some_and(|recipient| !named(recipient)) {
            lacks.push(UnmetGuard::new("consent_recipient", "the consent names neither this recipient nor its kind"));
        }
        if need.onward_sharing && !self.onward_sharing {
            lacks.push(UnmetGuard::new("consent_onward_sharing", "the consent does not let the recipient hand it on"));
        }
        lacks
    }
}

/// The consent that covers a need: one that holds on its day and was given to all of it, the newest of several. Else what is missing,
/// said of the consent that comes closest; guards for a 409. Consents do not add up: each was given to a whole (GDPR art. 7(2)).
pub fn covers(consents: &[Terms], need: &Need) -> Result<ConsentId, Vec<UnmetGuard>> {
    let holding = consents.iter().filter(|terms| terms.standing.holds_on(need.day));
    let closest = holding
        .map(|terms| (terms.lacks(need), terms))
        .min_by_key(|(lacks, terms)| (!terms.purposes.contains(&need.purpose), lacks.len(), Reverse(terms.id)));
    match closest {
        Some((lacks, terms)) if lacks.is_empty() => Ok(terms.id),
        Some((lacks, _)) => Err(lacks),
        None => Err(vec![UnmetGuard::new("consent", "no consent of the person holds on that day")]),
    }
}
