//! How a report is taken, whichever way it comes.

use approdo_db::schema::{discrimination_reporters as reporters, territories};
use diesel::prelude::*;

use crate::access::TerritoryId;
use crate::clock;
use crate::discrimination::access::require_takes_reports;
use crate::discrimination::codes::DiscriminationReportChannel;
use crate::discrimination::records;
use crate::discrimination::requests::{NewDiscriminationReport, NewDiscriminationReporter, first_day};
use crate::discrimination::rules::DiscriminationReportStatus;
use crate::discrimination::types::{DiscriminationReportId, DiscriminationReportRow, DiscriminationReporter};
use crate::entries;
use crate::error::{ApiError, ApiResult};
use crate::referrals::partner_links::secrets;
use crate::work::Unit;

/// The members that the record of a new report names. That somebody said who they are is not among them.
const MEMBERS: [&str; 10] = [
    "organisation_id",
    "channel",
    "description",
    "occurred_on",
    "territory_id",
    "area_of_life",
    "grounds",
    "respondent_kind",
    "reporter_role",
    "language",
];

/// Keeps a new report; used by the demonstration data as well. Gives the code by which its reporter comes back, of which a digest is kept.
pub fn take(
    unit: &mut Unit<'_>,
    id: DiscriminationReportId,
    channel: DiscriminationReportChannel,
    new: NewDiscriminationReport,
) -> ApiResult<String> {
    check(unit, &new)?;
    let (follow_up_code, follow_up_hash) = secrets::new_token()?;
    let row = DiscriminationReportRow {
        id,
        organisation_id: new.organisation_id,
        channel,
        description: Some(new.description),
        occurred_on: new.occurred_on,
        territory_id: new.territory_id,
        area_of_life: new.area_of_life,
        respondent_kind: new.respondent_kind,
        reporter_role: new.reporter_role,
        language: new.language,
        received_on: clock::date_of(unit.now),
        status: DiscriminationReportStatus::Received,
        within_competence: None,
        urgency: None,
        competent_org_id: None,
        identity_shared: false,
        outcome: None,
        outcome_told: false,
        duplicate_of_id: None,
        ended_on: None,
        anonymised_at: None,
        follow_up_hash: Some(follow_up_hash),
        version: 1,
        created_at: unit.now,
        updated_at: unit.now,
    };
    entries::add(unit, &row, &MEMBERS)?;
    records::add_grounds(unit.connection, id, &new.grounds)?;
    if let Some(told) = new.reporter {
        let NewDiscriminationReporter { name, contact, preferred_language, may_be_contacted, identity_may_be_shared } =
            told;
        let reporter = DiscriminationReporter {
            discrimination_report_id: id,
            name,
            contact,
            preferred_language,
            may_be_contacted,
            identity_may_be_shared,
        };
        diesel::insert_into(reporters::table).values(reporter).execute(unit.connection)?;
    }
    Ok(follow_up_code)
}

fn check(unit: &mut Unit<'_>, new: &NewDiscriminationReport) -> ApiResult<()> {
    let today = clock::date_of(unit.now);
    if new.occurred_on.as_deref().and_then(first_day).is_some_and(|day| day > today) {
        return Err(ApiError::invalid_member("occurred_on", "must not be in the future"));
    }
    if new.reporter.as_ref().is_some_and(|told| told.may_be_contacted && told.contact.is_none()) {
        return Err(ApiError::invalid_member("reporter/contact", "is needed to get in touch"));
    }
    require_takes_reports(unit.connection, new.organisation_id, "organisation_id")?;
    let Some(territory) = new.territory_id else { return Ok(()) };
    let known: Option<TerritoryId> =
        territories::table.find(territory).select(territories::id).first(unit.connection).optional()?;
    known.map(drop).ok_or_else(|| ApiError::unknown_reference("territory_id"))
}
