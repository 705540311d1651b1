//! Whether an agreement covers what somebody wants to refer: `rules::covers` over what is recorded.

use approdo_db::Connection;
use approdo_db::schema::{agreement_parties, agreements, organisation_ancestors};
use diesel::prelude::*;

use crate::access::OrganisationId;
use crate::agreements::rules::{self, Terms, Wish};
use crate::agreements::types::{AgreementId, AgreementRow};
use crate::error::{ApiResult, UnmetGuard};

/// The agreement that covers a wish, or what is missing: guards for a 409.
pub fn of_wish(connection: &mut Connection, wish: &Wish) -> ApiResult<Result<AgreementRow, Vec<UnmetGuard>>> {
    let sending = agreement_parties::table
        .filter(agreement_parties::organisation_id.eq_any(&wish.from))
        .filter(agreement_parties::may_send.eq(true))
        .select(agreement_parties::agreement_id);
    let receiving = agreement_parties::table
        .filter(agreement_parties::organisation_id.eq_any(&wish.to))
        .filter(agreement_parties::may_receive.eq(true))
        .select(agreement_parties::agreement_id);
    let mut rows: Vec<AgreementRow> = agreements::table
        .filter(agreements::id.eq_any(sending))
        .filter(agreements::id.eq_any(receiving))
        .filter(agreements::status.eq(rules::AgreementStatus::Signed))
        .load(connection)?;
    let terms: Vec<Terms> = rows.iter().map(AgreementRow::terms).collect::<ApiResult<_>>()?;
    Ok(rules::covers(&terms, wish).and_then(|id: AgreementId| {
        let at = rows.iter().position(|row| row.id == id);
        at.map(|at| rows.swap_remove(at)).ok_or_else(Vec::new)
    }))
}

/// An organisation with all above it: what binds them binds it.
pub fn with_above(connection: &mut Connection, id: OrganisationId) -> QueryResult<Vec<OrganisationId>> {
    organisation_ancestors::table
        .filter(organisation_ancestors::organisation_id.eq(id))
        .select(organisation_ancestors::ancestor_id)
        .load(connection)
}
