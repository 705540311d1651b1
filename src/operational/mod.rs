//! What of the deployment's own data the statistics count (domain 41): each source is read from the tables of its area.

pub mod cases;
pub mod referrals;
pub mod subjects;

#[cfg(test)]
mod tests;

use approdo_db::Connection;

use crate::access::OrganisationId;
use crate::error::ApiResult;
use crate::observatory::operational::counting::Fact;
use crate::observatory::operational::{Division, OperationalSource};

/// Hands over what a source counts, as `observatory::operational::Facts` says.
///
/// # Errors
/// Those of the database.
pub fn facts(
    connection: &mut Connection,
    source: OperationalSource,
    organisation: OrganisationId,
    divisions: &[&'static Division],
    take: &mut dyn FnMut(&Fact),
) -> ApiResult<()> {
    use OperationalSource::{CasesClosed, CasesOpen, CasesOpened, ReferralsEnded, ReferralsSent};
    match source {
        CasesOpened => cases::facts(connection, cases::Told::Opened, organisation, divisions, take),
        CasesOpen => cases::facts(connection, cases::Told::Open, organisation, divisions, take),
        CasesClosed => cases::facts(connection, cases::Told::Closed, organisation, divisions, take),
        ReferralsSent => referrals::facts(connection, referrals::Told::Sent, organisation, divisions, take),
        ReferralsEnded => referrals::facts(connection, referrals::Told::Ended, organisation, divisions, take),
    }
}
