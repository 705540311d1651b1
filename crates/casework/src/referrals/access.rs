//! Who stands on which side of a referral, and so what they see of it and do with it.
//!
//! The sender's side is whoever works with its case. The receiver's side is whoever works with referrals in an organisation that it
//! reaches, wherever there: what is sent to a body is for all of it. Nobody else learns that there is one.

use approdo_db::schema::{cases, referral_recipients, referrals};
use approdo_db::{Connection, Prepared};
use diesel::prelude::*;

use crate::access::rights::Rights;
use crate::access::standing::Asks;
use crate::access::{Action, OrganisationId, Resource};
use crate::cases::queries as case_queries;
use crate::cases::types::{CaseId, CaseRow};
use crate::directory::services::ServiceId;
use crate::error::{ApiError, ApiResult};
use crate::referrals::rules::Side;
use crate::referrals::types::{RecipientRow, ReferralId, ReferralRow};
use crate::work::Unit;

/// The sides a caller stands on.
#[derive(Debug, Clone, Default)]
pub struct Sides {
    standing: Vec<Side>,
    /// On which of them the caller may move it.
    pub moving: Vec<Side>,
    /// The services of it that are the caller's own.
    pub services: Vec<ServiceId>,
}

impl Sides {
    /// Of who receives it in an organisation.
    pub fn of_receiver(rights: &Rights, row: &ReferralRow, organisation: OrganisationId, service: ServiceId) -> Self {
        let moves = rights.may_at(Action::Transition, Resource::Referrals, &row.at(organisation));
        Self {
            standing: vec![Side::Receiver],
            moving: moves.then_some(Side::Receiver).into_iter().collect(),
            services: vec![service],
        }
    }

    pub fn is_sender(&self) -> bool {
        self.standing.contains(&Side::Sender)
    }

    pub fn is_receiver(&self) -> bool {
        self.standing.contains(&Side::Receiver)
    }

    pub fn all(&self) -> Vec<Side> {
        self.standing.clone()
    }
}

/// A referral with the case it comes from and whom it reaches.
#[derive(Debug, Clone)]
pub struct Found {
    pub row: ReferralRow,
    pub case: CaseRow,
    pub recipients: Vec<RecipientRow>,
}

impl Found {
    /// Whether the caller may do this as a sender.
    fn sends(&self, rights: &Rights, action: Action) -> bool {
        let place = self.row.sending(&self.case);
        // Who only answers referrals does not see, from the other end, whose they are.
        let knows_case = self.row.part_of.is_some() || rights.may_at(Action::Read, Resource::Cases, &place);
        knows_case && rights.may_at(action, Resource::Referrals, &place)
    }

    /// The organisations it reaches in which the caller may do this.
    pub fn receiving<'a>(&'a self, rights: &'a Rights, action: Action) -> impl Iterator<Item = &'a RecipientRow> {
        let known = self.row.status.is_known_to_receivers();
        let may = move |recipient: &&RecipientRow| {
            known && rights.may_at(action, Resource::Referrals, &self.row.at(recipient.organisation_id))
        };
        self.recipients.iter().filter(may)
    }

    fn acting(&self, rights: &Rights, action: Action) -> Vec<Side> {
        let mut sides = Vec::new();
        if self.sends(rights, action) {
            sides.push(Side::Sender);
        }
        if self.receiving(rights, action).next().is_some() {
            sides.push(Side::Receiver);
        }
        sides
    }

    pub fn sides(&self, rights: &Rights) -> Sides {
        Sides {
            standing: self.acting(rights, Action::Read),
            moving: self.acting(rights, Action::Transition),
            services: self.receiving(rights, Action::Read).map(|recipient| recipient.service_id).collect(),
        }
    }

    /// The sides on which the caller may do this; 403 who may only know of it, 404 who may not.
    pub fn require(&self, rights: &Rights, action: Action) -> ApiResult<Vec<Side>> {
        let sides = self.acting(rights, action);
        if !sides.is_empty() {
            return Ok(sides);
        }
        let refused = if self.acting(rights, Action::Read).is_empty() {
            // An audited case opens its referrals to who says what for.
            let place = self.row.sending(&self.case);
            rights.require_at(Action::Read, Resource::Cases, &place).err().unwrap_or_else(ApiError::not_found)
        } else {
            ApiError::forbidden(format!("none of your grants allows '{action}' on this referral"))
        };
        Err(refused.about(self.row.id.0))
    }

    /// The organisations that may know of it.
    pub fn known_to(&self) -> Vec<OrganisationId> {
        if !self.row.status.is_known_to_receivers() {
            return Vec::new();
        }
        self.recipients.iter().map(|recipient| recipient.organisation_id).collect()
    }
}

type WithCase = (referrals::SqlType, cases::SqlType);

fn with_case(id: ReferralId) -> Prepared<WithCase> {
    Prepared::<WithCase>::select("r.*, c.*")
        .sql(" FROM referrals r JOIN cases c ON c.id = r.case_id WHERE r.id = ")
        .bind(id)
}

/// Whom a referral reaches.
pub fn recipients(connection: &mut Connection, id: ReferralId) -> QueryResult<Vec<RecipientRow>> {
    referral_recipients::table
        .filter(referral_recipients::referral_id.eq(id))
        .order(referral_recipients::organisation_id)
        .load(connection)
}

/// A referral as it is now; 404 where there is none.
pub fn find(asks: &mut impl Asks, id: ReferralId) -> ApiResult<Found> {
    let (row, case) = asks.one(with_case(id))?;
    let recipients = recipients(asks.parts().0, id)?;
    Ok(Found { row, case, recipients })
}

/// The same, locked. What it is part of is locked before it, from the top: whoever moves the one may have to move the other.
pub fn lock(unit: &mut Unit<'_>, id: ReferralId) -> ApiResult<Found> {
    hold_case(unit, id)?;
    let mut above = Vec::new();
    let mut next = part_of(unit.connection, id)?;
    while let Some(parent) = next {
        above.push(parent);
        next = part_of(unit.connection, parent)?;
    }
    for parent in above.into_iter().rev() {
        let _: ReferralId =
            approdo_db::first_for_update!(&mut *unit.connection, referrals::table.find(parent).select(referrals::id))?;
    }
    let (row, case) = unit.lock(with_case(id))?;
    let recipients = recipients(unit.connection, id)?;
    Ok(Found { row, case, recipients })
}

// The case before its referrals, as whoever closes it has them: two that wait for each other would be one too many.
fn hold_case(unit: &mut Unit<'_>, id: ReferralId) -> QueryResult<()> {
    if unit.connection.is_sqlite() {
        return Ok(());
    }
    let held = Prepared::<approdo_db::types::Uuid>::new(
        "SELECT c.id FROM cases c WHERE c.id = (SELECT x.case_id FROM referrals x WHERE x.id = ",
    );
    let held: QueryResult<CaseId> = held.bind(id).sql(") FOR KEY SHARE OF c").get_result(unit.connection);
    held.optional().map(|_| ())
}

fn part_of(connection: &mut Connection, id: ReferralId) -> QueryResult<Option<ReferralId>> {
    let found: Option<Option<ReferralId>> =
        referrals::table.find(id).select(referrals::part_of).first(connection).optional()?;
    Ok(found.flatten())
}

/// A referral with its person and case locked before it: what it rests on is not to change while it is sent.
pub fn lock_with_person(unit: &mut Unit<'_>, id: ReferralId) -> ApiResult<(Found, crate::people::types::PersonRow)> {
    let seen = find(unit, id)?;
    let person = crate::people::queries::lock(unit, seen.row.person_id)?;
    case_queries::lock(unit, seen.row.case_id)?;
    Ok((lock(unit, id)?, person))
}
