//! Cases as what is counted. Left out are those of people whose data may be stored only (GDPR art. 18); of those who were erased there is
//! what erasure leaves.

use std::collections::HashMap;

use approdo_db::schema::{case_transitions, cases, people};
use approdo_db::{Connection, Timestamp, on_backend};
use chrono::NaiveDate;
use diesel::prelude::*;

use crate::access::{OrganisationId, TerritoryId};
use crate::cases::rules::CaseStatus;
use crate::cases::types::CaseId;
use crate::clock;
use crate::error::ApiResult;
use crate::observatory::operational::counting::{Fact, FactCode};
use crate::observatory::operational::{CLOSING_REASON, Division, TARGET_GROUP};
use crate::operational::subjects::{self, Subject};

/// Cases that are read at once.
const AT_ONCE: i64 = 5_000;

/// What of cases is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    Opened,
    Open,
    Closed,
}

/// What is read of a case and its person.
#[derive(Queryable)]
struct Row {
    id: CaseId,
    territory: TerritoryId,
    target_group: String,
    opened_on: NaiveDate,
    subject: Subject,
}

/// A move of a case to, or from, where it is over.
struct Move {
    from: CaseStatus,
    to: CaseStatus,
    reason: Option<String>,
    on: NaiveDate,
}

/// Hands over what is told of the cases of an organisation and those below it.
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
        let mut moves = match told {
            Told::Opened => HashMap::new(),
            Told::Open | Told::Closed => endings(connection, &rows)?,
        };
        for row in rows.into_iter().filter(|row| row.subject.is_counted()) {
            let moves = moves.remove(&row.id).unwrap_or_default();
            let fact = |from: NaiveDate, until: Option<NaiveDate>, reason: Option<&String>| Fact {
                person: row.subject.id.0,
                territory: row.territory,
                from,
                until,
                codes: divisions.iter().map(|division| row.code(division, reason)).collect(),
            };
            match told {
                Told::Opened => take(&fact(row.opened_on, None, None)),
                Told::Open => {
                    for (from, until) in open(row.opened_on, &moves) {
                        take(&fact(from, until, None));
                    }
                }
                Told::Closed => {
                    for closing in moves.iter().filter(|ending| ending.to == CaseStatus::Closed) {
                        take(&fact(closing.on, None, closing.reason.as_ref()));
                    }
                }
            }
        }
    }
}

impl Row {
    fn code(&self, division: &Division, reason: Option<&String>) -> FactCode {
        if *division == TARGET_GROUP {
            FactCode::Known(self.target_group.clone())
        } else if *division == CLOSING_REASON {
            FactCode::of(reason.cloned())
        } else {
            self.subject.code(division)
        }
    }
}

fn page(connection: &mut Connection, organisation: OrganisationId, after: Option<CaseId>) -> QueryResult<Vec<Row>> {
    on_backend!(connection, c => {
        let mut list = cases::table
            .inner_join(people::table.on(people::id.eq(cases::person_id)))
            .filter(subjects::with_cases_of(organisation))
            .order(cases::id)
            .limit(AT_ONCE)
            .select((
                cases::id,
                cases::territory_id,
                cases::target_group,
                cases::opened_on,
                subjects::COLUMNS,
            ))
            .into_boxed();
        if let Some(after) = after {
            list = list.filter(cases::id.gt(after));
        }
        list.load(c)
    })
}

/// The moves with which cases ended and began anew, in their order.
fn endings(connection: &mut Connection, rows: &[Row]) -> QueryResult<HashMap<CaseId, Vec<Move>>> {
    use case_transitions as t;
    type Found = (CaseId, CaseStatus, CaseStatus, Option<String>, Timestamp);
    let ids: Vec<CaseId> = rows.iter().map(|row| row.id).collect();
    let over = [CaseStatus::Closed, CaseStatus::Declined];
    let found: Vec<Found> = on_backend!(connection, c => t::table
        .filter(t::case_id.eq_any(&ids))
        .filter(t::to_status.eq_any(over).or(t::from_status.eq_any(over)))
        .order((t::case_id, t::case_version))
        .select((t::case_id, t::from_status, t::to_status, t::reason_code, t::at))
        .load(c))?;
    let mut moves: HashMap<CaseId, Vec<Move>> = HashMap::new();
    for (case, from, to, reason, at) in found {
        moves.entry(case).or_default().push(Move { from, to, reason, on: clock::date_of(at) });
    }
    Ok(moves)
}

/// From when to when a case was open.
fn open(opened_on: NaiveDate, moves: &[Move]) -> Vec<(NaiveDate, Option<NaiveDate>)> {
    let is_over = |status: CaseStatus| matches!(status, CaseStatus::Closed | CaseStatus::Declined);
    let (mut times, mut since) = (Vec::new(), Some(opened_on));
    for step in moves {
        if is_over(step.to) {
            times.extend(since.take().map(|since| (since, Some(step.on))));
        } else if is_over(step.from) {
            since = Some(step.on);
        }
    }
    times.extend(since.map(|since| (since, None)));
    times
}
