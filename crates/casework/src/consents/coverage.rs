//! Whether a person's consents cover what somebody wants to do: `rules::covers` over what is recorded. Whatever sends data to somebody
//! else asks here.

use approdo_db::Connection;
use approdo_db::schema::organisations;
use diesel::prelude::*;

use crate::access::OrganisationId;
use crate::aggregate::Child as _;
use crate::consents::rules::{self, Need, Recipient, Terms};
use crate::consents::types::{ConsentId, ConsentRow};
use crate::error::{ApiResult, UnmetGuard};
use crate::people::types::PersonId;

/// The consent of a person that covers a need, or what is missing: guards for a 409.
pub fn of_person(
    connection: &mut Connection,
    person: PersonId,
    need: &Need,
) -> ApiResult<Result<ConsentId, Vec<UnmetGuard>>> {
    let rows = ConsentRow::all_of(connection, person, i64::MAX)?;
    let terms: Vec<Terms> = rows.iter().map(ConsentRow::terms).collect::<ApiResult<_>>()?;
    Ok(rules::covers(&terms, need))
}

/// The one consent of a person that covers several needs, the newest of several; or what is missing for the first that none covers.
pub fn of_person_for_all(
    connection: &mut Connection,
    person: PersonId,
    needs: &[Need],
) -> ApiResult<Result<ConsentId, Vec<UnmetGuard>>> {
    let rows = ConsentRow::all_of(connection, person, i64::MAX)?;
    let terms: Vec<Terms> = rows.iter().map(ConsentRow::terms).collect::<ApiResult<_>>()?;
    let alone = |terms: &&Terms| needs.iter().all(|need| rules::covers(std::slice::from_ref(*terms), need).is_ok());
    if let Some(covering) = terms.iter().filter(alone).map(|terms| terms.id).max() {
        return Ok(Ok(covering));
    }
    let lacking = needs.iter().find_map(|need| rules::covers(&terms, need).err());
    let together = || vec![UnmetGuard::new("consent_recipient", "one consent must cover all who are asked")];
    Ok(Err(lacking.unwrap_or_else(together)))
}

/// An organisation of the directory as a recipient; none where there is no such one.
pub fn recipient(connection: &mut Connection, id: OrganisationId) -> QueryResult<Option<Recipient>> {
    let kind = organisations::table.find(id).select(organisations::kind).first(connection).optional()?;
    Ok(kind.map(|kind| Recipient { id, kind }))
}
