//! Who reads a report and works on it: the officers of the body that it was sent to, and of the one it is routed to while that is so.
//!
//! A grant counts for the organisation it names and for none below: who sends a report to a municipality does not send it to the region
//! that the municipality belongs to, and what a body routes upwards without a name is to arrive without one. Territories and target
//! groups of a grant do not narrow it: where something happened is for who reports to say, and what is sent to a body is for all of it.

use approdo_db::Connection;
use approdo_db::schema::{grants, principals};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::select;

use crate::access::rights::Rights;
use crate::access::{Action, OrganisationId, PrincipalStatus, Resource, Role};
use crate::discrimination::rules::DiscriminationReportSide;
use crate::discrimination::types::{DiscriminationReportId, DiscriminationReportRow};
use crate::entries::{self, Entry as _};
use crate::error::{ApiError, ApiResult};
use crate::http::Reader;
use crate::work::Unit;

/// The organisations in which the caller may do this.
pub fn organisations(rights: &Rights, action: Action, resource: Resource) -> Vec<OrganisationId> {
    rights.grants_for(action, resource).iter().map(|grant| grant.organisation).collect()
}

/// The sides of a report on which the caller may do this.
pub fn sides(
    row: &DiscriminationReportRow,
    rights: &Rights,
    action: Action,
    resource: Resource,
) -> Vec<DiscriminationReportSide> {
    let own = organisations(rights, action, resource);
    let acts = |organisation: OrganisationId| rights.is_unlimited() || own.contains(&organisation);
    let first = acts(row.organisation_id).then_some(DiscriminationReportSide::First);
    let competent = row
        .competent_org_id
        .filter(|organisation| row.status.is_known_to_competent() && row.anonymised_at.is_none() && acts(*organisation))
        .map(|_| DiscriminationReportSide::Competent);
    first.into_iter().chain(competent).collect()
}

/// The same; 404 where there is none: who does not work on a report does not know of it.
pub fn require(
    row: &DiscriminationReportRow,
    rights: &Rights,
    action: Action,
    resource: Resource,
) -> ApiResult<Vec<DiscriminationReportSide>> {
    let sides = sides(row, rights, action, resource);
    if sides.is_empty() { Err(ApiError::not_found().about(row.id.0)) } else { Ok(sides) }
}

/// A report that the caller reads, with the sides on which they do.
pub fn find(
    reader: &mut Reader<'_>,
    id: DiscriminationReportId,
) -> ApiResult<(DiscriminationReportRow, Vec<DiscriminationReportSide>)> {
    let row: DiscriminationReportRow = entries::known(reader, id)?;
    let sides = require(&row, &reader.rights, Action::Read, Resource::DiscriminationReports)?;
    Ok((row, sides))
}

/// A report under its lock, with the sides on which the caller may do this.
pub fn lock(
    unit: &mut Unit<'_>,
    id: DiscriminationReportId,
    action: Action,
    resource: Resource,
) -> ApiResult<(DiscriminationReportRow, Vec<DiscriminationReportSide>)> {
    let row = DiscriminationReportRow::lock(unit.connection, id)?.ok_or_else(ApiError::not_found)?;
    let sides = require(&row, &unit.rights, action, resource)?;
    Ok((row, sides))
}

/// Whether a body takes reports: somebody active is its anti-discrimination officer.
pub fn takes_reports(connection: &mut Connection, organisation: OrganisationId) -> QueryResult<bool> {
    let officers = grants::table
        .inner_join(principals::table.on(principals::id.eq(grants::principal_id)))
        .filter(grants::organisation_id.eq(organisation))
        .filter(grants::role.eq(Role::AntiDiscriminationOfficer))
        .filter(principals::status.eq(PrincipalStatus::Active));
    select(exists(officers.select(grants::id))).get_result(connection)
}

/// 422 for a body that takes no reports, as for one that there is not.
pub fn require_takes_reports(connection: &mut Connection, organisation: OrganisationId, member: &str) -> ApiResult<()> {
    if takes_reports(connection, organisation)? { Ok(()) } else { Err(ApiError::unknown_reference(member)) }
}
