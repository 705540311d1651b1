//! What an agreement covers: pure, no database, no HTTP (domain 16).
//!
//! `draft`→`signed`↔`suspended`, and each of them →`ended`, which is for good; a day agreed for its end ends it by itself.

use std::cmp::Reverse;

use approdo_db::text_enum;
use chrono::NaiveDate;
use utoipa::ToSchema;

use crate::access::{OrganisationId, TerritoryId};
use crate::agreements::types::{AgreementId, Party};
use crate::consents::data_categories::DataCategory;
use crate::directory::services::ServiceId;
use crate::error::UnmetGuard;

text_enum! {
    /// How an agreement stands.
    #[derive(ToSchema)]
    AgreementStatus {
        Draft = "draft",
        /// Signed by every party.
        Signed = "signed",
        /// Nobody is referred under it for the time being; what was referred goes on.
        Suspended = "suspended",
        Ended = "ended",
    }
}

impl AgreementStatus {
    /// Where it can be moved.
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Draft => &[Self::Signed, Self::Ended],
            Self::Signed => &[Self::Suspended, Self::Ended],
            Self::Suspended => &[Self::Signed, Self::Ended],
            Self::Ended => &[],
        }
    }
}

/// What was agreed.
#[derive(Debug, Clone)]
pub struct Terms {
    pub id: AgreementId,
    pub status: AgreementStatus,
    pub valid_from: NaiveDate,
    /// The first day it holds no more.
    pub valid_to: Option<NaiveDate>,
    pub parties: Vec<Party>,
    pub service_ids: Vec<ServiceId>,
    pub territory_ids: Vec<TerritoryId>,
    pub target_groups: Vec<String>,
    pub data_categories: Vec<DataCategory>,
}

/// Whom somebody wants to refer where, with which data. Organisations and territories come with all above them.
#[derive(Debug, Clone)]
pub struct Wish {
    pub from: Vec<OrganisationId>,
    pub to: Vec<OrganisationId>,
    pub service: ServiceId,
    pub territory: Vec<TerritoryId>,
    pub target_group: String,
    pub data_categories: Vec<DataCategory>,
    pub day: NaiveDate,
}

/// Whether a list that stands for everything when it is empty has one of these.
fn includes<T: PartialEq>(list: &[T], any_of: &[T]) -> bool {
    list.is_empty() || any_of.iter().any(|one| list.contains(one))
}

impl Terms {
    /// How it stands on a day, whether or not its end has been recorded yet.
    pub fn today(&self, today: NaiveDate) -> AgreementStatus {
        let over = self.valid_to.is_some_and(|end| end <= today);
        if over && self.status != AgreementStatus::Draft { AgreementStatus::Ended } else { self.status }
    }

    /// Whether people may be referred under it on a day.
    pub fn in_force(&self, day: NaiveDate) -> bool {
        self.today(day) == AgreementStatus::Signed && self.valid_from <= day
    }

    fn lets(&self, from: &[OrganisationId], to: &[OrganisationId]) -> bool {
        let send = self.parties.iter().find(|party| party.may_send && from.contains(&party.organisation_id));
        let mut receiving =
            self.parties.iter().filter(|party| party.may_receive && to.contains(&party.organisation_id));
        send.is_some_and(|sender| receiving.any(|receiver| receiver.organisation_id != sender.organisation_id))
    }

    /// What of the wish was not agreed; nothing where the agreement covers it.
    fn lacks(&self, wish: &Wish) -> Vec<UnmetGuard> {
        let mut lacks = Vec::new();
        if !includes(&self.service_ids, &[wish.service]) {
            lacks.push(UnmetGuard::new("agreement_service", "the agreement is not on this service"));
        }
        if !includes(&self.territory_ids, &wish.territory) {
            lacks.push(UnmetGuard::new("agreement_territory", "the agreement is not for people who live there"));
        }
        if !includes(&self.target_groups, std::slice::from_ref(&wish.target_group)) {
            lacks.push(UnmetGuard::new("agreement_target_group", "the agreement is not for this target group"));
        }
        let outside = wish.data_categories.iter().filter(|category| !self.data_categories.contains(category));
        let outside: Vec<&str> = outside.map(|category| category.as_str()).collect();
        if !outside.is_empty() {
            let detail = format!("the agreement does not let these categories of data travel: {}", outside.join(", "));
            lacks.push(UnmetGuard { guard: "agreement_data_categories".into(), detail: detail.into() });
        }
        lacks
    }

    /// Whether two agreements answer the same question in two ways. Territories are compared as they are named.
    pub fn overlaps(&self, other: &Self) -> bool {
        let before = |end: Option<NaiveDate>, begin: NaiveDate| end.is_some_and(|end| end <= begin);
        let together = !before(self.valid_to, other.valid_from) && !before(other.valid_to, self.valid_from);
        fn alike<T: PartialEq>(one: &[T], other: &[T]) -> bool {
            one.is_empty() || includes(other, one)
        }
        together
            && self.same_way(other)
            && alike(&self.service_ids, &other.service_ids)
            && alike(&self.territory_ids, &other.territory_ids)
            && alike(&self.target_groups, &other.target_groups)
    }

    fn same_way(&self, other: &Self) -> bool {
        let ways = |terms: &Self| -> Vec<(OrganisationId, OrganisationId)> {
            let senders = terms.parties.iter().filter(|party| party.may_send);
            let to = |from: OrganisationId| {
                terms.parties.iter().filter(move |party| party.may_receive && party.organisation_id != from)
            };
            let from_each = senders.flat_map(|sender| {
                to(sender.organisation_id).map(move |receiver| (sender.organisation_id, receiver.organisation_id))
            });
            from_each.collect()
        };
        let others = ways(other);
        ways(self).iter().any(|way| others.contains(way))
    }
}

/// The agreement that covers a wish: one in force on its day, the newest of several. Else what is missing, said of the one that comes
/// closest; guards for a 409. Agreements do not add up: each was signed as a whole.
pub fn covers(agreements: &[Terms], wish: &Wish) -> Result<AgreementId, Vec<UnmetGuard>> {
    let between = agreements.iter().filter(|terms| terms.in_force(wish.day) && terms.lets(&wish.from, &wish.to));
    let closest =
        between.map(|terms| (terms.lacks(wish), terms)).min_by_key(|(lacks, terms)| (lacks.len(), Reverse(terms.id)));
    match closest {
        Some((lacks, terms)) if lacks.is_empty() => Ok(terms.id),
        Some((lacks, _)) => Err(lacks),
        None => Err(vec![UnmetGuard::new(
            "agreement",
            "no agreement in force lets this organisation refer people to that one",
        )]),
    }
}
