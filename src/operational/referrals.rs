//! Referrals as what is counted: of whoever has the case, at the case's territory, like the case itself. What was handed on is its receiver's
//! way of doing what it was asked for, and counts with the referral that it is part of.

use std::collections::HashMap;

use approdo_db::schema::{cases, child_transitions, people, referrals, services};
use approdo_db::types::RowId;
use approdo_db::{Connection, Timestamp, on_backend};
use chrono::NaiveDate;
use diesel::prelude::*;

use crate::access::{OrganisationId, TerritoryId};
use crate::clock;
use crate::error::ApiResult;
use crate::observatory::operational::counting::{Fact, FactCode};
use crate::observatory::operational::{
    Division, ENDING, OTHER_STRUCTURE, REFERRED_GROUP, REGULAR, SERVICE_TYPE, STRUCTURE,
};
use crate::operational::subjects::{self, Subject};
use crate::referrals::rules::{Ending, Outcome, ReferralStatus};
use crate::referrals::types::ReferralId;

/// Referrals that are read at once.
const AT_ONCE: i64 = 5_000;

/// What of referrals is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    Sent,
    Ended,
}

/// What is read of a referral, its service and its person.
#[derive(Queryable)]
struct Row {
    id: ReferralId,
    territory: TerritoryId,
    target_group: String,
    sent_at: Option<Timestamp>,
    outcome: Option<Outcome>,
    /// The type of the service, and whether it is part of the regular structures. None where several were asked and nobody has claimed it.
    service: Option<(String, bool)>,
    subject: Subject,
}

/// Hands over what is told of the referrals from the cases of an organisation and those below it. What was never sent, or entered in error, counts nowhere.
pub fn facts(
    connection: &mut Connection,
    told: Told,
    organisation: OrganisationId,
    divisions: &[&'static Division],
    take: &mut dyn FnMut(&Fact),
) -> ApiResult<()> {
    let mut after = None;
    loop {
        let rows = page(connection, organisation, after)?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(last.id);
        let endings = match told {
            Told::Sent => HashMap::new(),
            Told::Ended => endings(connection, &rows)?,
        };
        for row in rows.iter().filter(|row| row.subject.is_counted()) {
            let (on, ending) = match told {
                Told::Sent => (row.sent_at.map(clock::date_of), None),
                Told::Ended => match endings.get(&row.id) {
                    Some((status, on)) => (Some(*on), Ending::of(*status, row.outcome)),
                    None => (None, None),
                },
            };
            let Some(from) = on else { continue };
            let codes = divisions.iter().map(|division| row.code(division, ending)).collect();
            take(&Fact { person: row.subject.id.0, territory: row.territory, from, until: None, codes });
        }
    }
}

impl Row {
    fn code(&self, division: &Division, ending: Option<Ending>) -> FactCode {
        let service = self.service.as_ref();
        if *division == REFERRED_GROUP {
            FactCode::Known(self.target_group.clone())
        } else if *division == SERVICE_TYPE {
            FactCode::of(service.map(|(service_type, _)| service_type.clone()))
        } else if *division == STRUCTURE {
            let code = |is_regular: bool| if is_regular { REGULAR } else { OTHER_STRUCTURE };
            FactCode::of(service.map(|(_, is_regular)| code(*is_regular).to_owned()))
        } else if *division == ENDING {
            FactCode::of(ending.map(|ending| ending.as_str().to_owned()))
        } else {
            self.subject.code(division)
        }
    }
}

fn page(connection: &mut Connection, organisation: OrganisationId, after: Option<ReferralId>) -> QueryResult<Vec<Row>> {
    on_backend!(connection, c => {
        let mut list = referrals::table
            .inner_join(cases::table.on(cases::id.eq(referrals::case_id)))
            .inner_join(people::table.on(people::id.eq(referrals::person_id)))
            .left_join(services::table.on(referrals::service_id.eq(services::id.nullable())))
            .filter(subjects::with_cases_of(organisation))
            .filter(referrals::part_of.is_null())
            .filter(referrals::sent_at.is_not_null())
            .filter(referrals::status.ne(ReferralStatus::EnteredInError))
            .order(referrals::id)
            .limit(AT_ONCE)
            .select((
                referrals::id,
                cases::territory_id,
                referrals::target_group,
                referrals::sent_at,
                referrals::outcome_code,
                (services::service_type, services::regular_structure).nullable(),
                subjects::COLUMNS,
            ))
            .into_boxed();
        if let Some(after) = after {
            list = list.filter(referrals::id.gt(after));
        }
        list.load(c)
    })
}

/// The first ending of each referral, with its day: what is cancelled or revoked after it was done has been done all the same.
fn endings(connection: &mut Connection, rows: &[Row]) -> QueryResult<HashMap<ReferralId, (ReferralStatus, NaiveDate)>> {
    use child_transitions as t;
    let ids: Vec<RowId> = rows.iter().map(|row| RowId(row.id.0)).collect();
    let found: Vec<(RowId, ReferralStatus, Timestamp)> = on_backend!(connection, c => t::table
        .filter(t::resource_id.eq_any(&ids))
        .filter(t::to_status.eq_any(Ending::STATES))
        .order((t::resource_id, t::resource_version))
        .select((t::resource_id, t::to_status, t::at))
        .load(c))?;
    let mut endings = HashMap::new();
    for (referral, status, at) in found {
        endings.entry(ReferralId(referral.0)).or_insert((status, clock::date_of(at)));
    }
    Ok(endings)
}
