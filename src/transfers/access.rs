//! Who stands on which side of a transfer. The sender's side is whoever works with the case where it is or was; the receiver's side is
//! whoever works with transfers in the body asked, wherever there.

use approdo_db::Prepared;
use approdo_db::schema::transfers;
use diesel::prelude::*;

use crate::access::rights::Rights;
use crate::access::standing::Asks;
use crate::access::{Action, Resource};
use crate::cases::queries as cases;
use crate::cases::types::CaseRow;
use crate::error::{ApiError, ApiResult};
use crate::referrals::rules::Side;
use crate::transfers::rules::TransferStatus;
use crate::transfers::types::{TransferId, TransferRow};
use crate::work::Unit;

/// The sides a caller stands on.
#[derive(Debug, Clone, Default)]
pub struct Sides {
    pub standing: Vec<Side>,
    /// On which of them the caller may move it.
    pub moving: Vec<Side>,
}

impl TransferRow {
    fn acting(&self, rights: &Rights, action: Action) -> Vec<Side> {
        let sending = self.sending();
        let sends = rights.may_at(action, Resource::Transfers, &sending)
            && rights.may_at(Action::Read, Resource::Cases, &sending);
        // What was taken back is none of who was asked any more.
        let receives = self.is_known_to_receiver() && rights.may_at(action, Resource::Transfers, &self.receiving());
        [(Side::Sender, sends), (Side::Receiver, receives)]
            .into_iter()
            .filter(|(_, acts)| *acts)
            .map(|(side, _)| side)
            .collect()
    }

    pub fn is_known_to_receiver(&self) -> bool {
        self.status != TransferStatus::Withdrawn
    }

    pub fn sides(&self, rights: &Rights) -> Sides {
        Sides { standing: self.acting(rights, Action::Read), moving: self.acting(rights, Action::Transition) }
    }

    /// The sides on which the caller may do this; 403 who may only know of it, 404 who may not.
    pub fn require(&self, rights: &Rights, action: Action) -> ApiResult<Vec<Side>> {
        let sides = self.acting(rights, action);
        if !sides.is_empty() {
            return Ok(sides);
        }
        let refused = if self.acting(rights, Action::Read).is_empty() {
            // An audited case opens its transfers to who says what for.
            rights.require_at(Action::Read, Resource::Cases, &self.sending()).err().unwrap_or_else(ApiError::not_found)
        } else {
            ApiError::forbidden(format!("none of your grants allows '{action}' on this transfer"))
        };
        Err(refused.about(self.id.0))
    }
}

fn by_id(id: TransferId) -> Prepared<transfers::SqlType> {
    Prepared::select("r.*").sql(" FROM transfers r WHERE r.id = ").bind(id)
}

/// A transfer as it is now; 404 where there is none.
pub fn find(asks: &mut impl Asks, id: TransferId) -> ApiResult<TransferRow> {
    asks.one(by_id(id))
}

/// The same, locked, with its case locked before it: whoever ends the case has them in this order, too.
pub fn lock(unit: &mut Unit<'_>, id: TransferId) -> ApiResult<(TransferRow, CaseRow)> {
    let seen = find(unit, id)?;
    let case = cases::lock(unit, seen.case_id)?;
    Ok((unit.lock(by_id(id))?, case))
}

/// The transfer of a locked case that is not answered yet.
pub fn live_of(unit: &mut Unit<'_>, case: &CaseRow) -> ApiResult<Option<TransferRow>> {
    let live = transfers::table
        .filter(transfers::case_id.eq(case.id))
        .filter(transfers::status.eq(TransferStatus::Proposed))
        .first(unit.connection);
    Ok(live.optional()?)
}
