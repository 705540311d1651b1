//! Moving a report, and what each move brings about.

use actix_web::{get, post};
use approdo_db::schema::child_transitions;
use approdo_db::types::RowId;
use diesel::prelude::*;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::aggregate::moves::{self, ChildTransition, ChildTransitionId};
use crate::clock;
use crate::discrimination::moves::{
    DiscriminationReportTransition, DiscriminationReportTransitionPage, NewDiscriminationReportTransition,
};
use crate::discrimination::rules::{
    DiscriminationReportOutcome, DiscriminationReportSide, DiscriminationReportStatus, mover, refusal_of_sharing,
    refusal_of_taking_back,
};
use crate::discrimination::types::{DiscriminationReportId, DiscriminationReportRow};
use crate::discrimination::{access, records};
use crate::entries::{self, Entry as _};
use crate::error::{ApiError, ApiResult, Kind, UnmetGuard};
use crate::http::{Answer, Body, Door, Id, IfMatch, Parameters};
use crate::paged_query;
use crate::work::Unit;

paged_query! {
    /// How to list a report's moves.
    DiscriminationReportTransitionQuery {}
}

/// Move a report of discrimination.
///
/// The body names the new state in `to` and brings what that move needs. Which moves are yours is told by `allowed_transitions`. A refused
/// one is 409 with every guard that is not met.
#[utoipa::path(
    tag = "Discrimination",
    params(("discrimination_report_id" = DiscriminationReportId, Path, description = "The report.")),
    request_body = NewDiscriminationReportTransition,
    responses((status = 201, description = "The move; `ETag` is the report's.", body = DiscriminationReportTransition))
)]
#[post("/discrimination-reports/{discrimination_report_id}/transitions")]
pub async fn create_discrimination_report_transition(
    door: Door,
    caller: Caller<actions::Transition, resources::DiscriminationReports>,
    id: Id<DiscriminationReportId>,
    if_match: IfMatch,
    body: Body<NewDiscriminationReportTransition>,
) -> ApiResult<Answer> {
    door.write("create_discrimination_report_transition", caller, Some(body.fingerprint()), move |unit| {
        let transition_id = ChildTransitionId::new();
        let row: DiscriminationReportRow = entries::found_locked(unit, id.0)?;
        let sides = access::sides(&row, &unit.rights, Action::Transition, Resource::DiscriminationReports);
        let made: ChildTransition = if sides.is_empty() {
            // Who has returned a report knows of it no more, and is answered all the same where the first answer was lost.
            let earlier = made_before(unit, transition_id).map_err(|error| error.about(row.id.0))?;
            child_transitions::table.find(earlier).first(unit.connection)?
        } else {
            let asked = body.read()?;
            match unit.replay(transition_id.0)? {
                Some(earlier) => child_transitions::table.find(ChildTransitionId(earlier)).first(unit.connection)?,
                None => {
                    if_match.check(row.version)?;
                    require_mover(row.status, asked.to(), &sides)?;
                    make(unit, row, transition_id, &asked)?
                }
            }
        };
        let made = DiscriminationReportTransition::told(made, DiscriminationReportSide::ALL)?;
        let path = format!("/discrimination-reports/{}", made.discrimination_report_id);
        unit.created(&path, made.discrimination_report_version, &made)
    })
    .await
}

/// The move that an earlier request of a caller with no side any more made; 404 for whoever made none, whatever else is wrong with theirs.
fn made_before(unit: &mut Unit<'_>, id: ChildTransitionId) -> ApiResult<ChildTransitionId> {
    match unit.replay(id.0) {
        Ok(Some(earlier)) => Ok(ChildTransitionId(earlier)),
        Ok(None) => Err(ApiError::not_found()),
        Err(error) if matches!(error.kind(), Kind::Invalid | Kind::MalformedRequest) => Err(ApiError::not_found()),
        Err(error) => Err(error),
    }
}

/// 409 where there is no such way, 403 where it is another body's.
fn require_mover(
    from: DiscriminationReportStatus,
    to: DiscriminationReportStatus,
    sides: &[DiscriminationReportSide],
) -> ApiResult<()> {
    match mover(from, to) {
        Some(side) if sides.contains(&side) => Ok(()),
        Some(DiscriminationReportSide::First) => {
            Err(ApiError::forbidden(format!("only the body it was sent to moves this report to {to}")))
        }
        Some(DiscriminationReportSide::Competent) => {
            Err(ApiError::forbidden(format!("only the body it is routed to moves this report to {to}")))
        }
        None => Err(moves::no_such_move("a report", from.as_str(), to.as_str())),
    }
}

/// Moves a locked report, where its mover may; used by the demonstration data as well.
pub fn make(
    unit: &mut Unit<'_>,
    mut row: DiscriminationReportRow,
    id: ChildTransitionId,
    asked: &NewDiscriminationReportTransition,
) -> ApiResult<ChildTransition> {
    let (from, to) = (row.status, asked.to());
    let mut changed = vec!["status"];
    match asked {
        NewDiscriminationReportTransition::Triaged { within_competence, urgency, grounds, .. } => {
            if let Some(body) = row.competent_org_id {
                let refusal = refusal_of_taking_back(from, access::takes_reports(unit.connection, body)?);
                if let Some(refusal) = refusal {
                    return Err(ApiError::unmet(vec![refusal]));
                }
            }
            changed.extend(leave(&mut row));
            (row.within_competence, row.urgency) = (Some(*within_competence), Some(*urgency));
            records::confirm_grounds(unit.connection, row.id, grounds)?;
            changed.extend(["within_competence", "urgency", "confirmed_grounds"]);
        }
        NewDiscriminationReportTransition::Routed { to_org_id, share_identity, .. } => {
            if *to_org_id == row.organisation_id {
                return Err(ApiError::invalid_member("to_org_id", "is the body it was sent to"));
            }
            access::require_takes_reports(unit.connection, *to_org_id, "to_org_id")?;
            let agreed = records::reporter(unit.connection, row.id)?.map(|told| told.identity_may_be_shared);
            if let Some(refusal) = refusal_of_sharing(*share_identity, agreed) {
                return Err(ApiError::unmet(vec![refusal]));
            }
            (row.competent_org_id, row.identity_shared) = (Some(*to_org_id), *share_identity);
            changed.extend(["competent_org_id", "identity_shared"]);
        }
        NewDiscriminationReportTransition::TakenUp { .. } => {}
        NewDiscriminationReportTransition::Returned { .. } => changed.extend(leave(&mut row)),
        NewDiscriminationReportTransition::Closed { outcome, tell_reporter, .. } => {
            changed.extend(end(unit, &mut row, to, *outcome, *tell_reporter)?);
        }
        NewDiscriminationReportTransition::Dismissed { outcome, duplicate_of_id, tell_reporter, .. } => {
            changed.extend(end(unit, &mut row, to, *outcome, *tell_reporter)?);
            require_original(unit, &row, *outcome, *duplicate_of_id)?;
            row.duplicate_of_id = *duplicate_of_id;
            changed.extend(duplicate_of_id.map(|_| "duplicate_of_id"));
        }
    }
    row.status = to;
    entries::save(unit, &mut row, &changed)?;
    entries::keep_move(unit, &row, id, (from.as_str(), to.as_str()), asked.note())
}

/// Takes a report from the body it was routed to. Gives the members that this changes.
fn leave(row: &mut DiscriminationReportRow) -> Vec<&'static str> {
    if row.competent_org_id.take().is_none() {
        return Vec::new();
    }
    row.identity_shared = false;
    vec!["competent_org_id", "identity_shared"]
}

fn end(
    unit: &Unit<'_>,
    row: &mut DiscriminationReportRow,
    to: DiscriminationReportStatus,
    outcome: DiscriminationReportOutcome,
    told: bool,
) -> ApiResult<[&'static str; 3]> {
    if !outcome.fits(to) {
        return Err(ApiError::invalid_member("outcome", format!("is no outcome of what is {to}")));
    }
    (row.outcome, row.outcome_told) = (Some(outcome), told);
    row.ended_on = Some(clock::date_of(unit.now));
    Ok(["outcome", "outcome_told", "ended_on"])
}

/// 422 unless a duplicate names what it repeats: another report to the same body. Whose there is none of, and one to another body, are
/// alike. 409 where that one is a duplicate itself or is forgotten: one of them has to stay.
fn require_original(
    unit: &mut Unit<'_>,
    row: &DiscriminationReportRow,
    outcome: DiscriminationReportOutcome,
    original: Option<DiscriminationReportId>,
) -> ApiResult<()> {
    match (outcome == DiscriminationReportOutcome::Duplicate, original) {
        (false, None) => Ok(()),
        (false, Some(_)) => Err(ApiError::invalid_member("duplicate_of_id", "is for duplicates alone")),
        (true, None) => Err(ApiError::invalid_member("duplicate_of_id", "which report does it repeat?")),
        (true, Some(original)) if original == row.id => {
            Err(ApiError::invalid_member("duplicate_of_id", "is the report itself"))
        }
        (true, Some(original)) => {
            let known = DiscriminationReportRow::lock(unit.connection, original)?;
            let known = known.filter(|known| known.organisation_id == row.organisation_id);
            let known = known.ok_or_else(|| ApiError::unknown_reference("duplicate_of_id"))?;
            if known.duplicate_of_id.is_some() || known.anonymised_at.is_some() {
                let detail = "the other report is a duplicate itself, or anonymised";
                return Err(ApiError::unmet(vec![UnmetGuard::new("original_stands", detail)]));
            }
            Ok(())
        }
    }
}

/// List the moves of a report of discrimination.
///
/// Oldest first. The body it is routed to reads them from its own routing on; what went before is the first body's.
#[utoipa::path(
    tag = "Discrimination",
    params(("discrimination_report_id" = DiscriminationReportId, Path, description = "The report."), DiscriminationReportTransitionQuery),
    responses((status = 200, description = "A page.", body = DiscriminationReportTransitionPage))
)]
#[get("/discrimination-reports/{discrimination_report_id}/transitions")]
pub async fn list_discrimination_report_transitions(
    door: Door,
    caller: Caller<actions::Read, resources::DiscriminationReports>,
    id: Id<DiscriminationReportId>,
    query: Parameters<DiscriminationReportTransitionQuery>,
) -> ApiResult<Answer> {
    door.read("list_discrimination_report_transitions", caller, move |reader| {
        let (row, sides) = access::find(reader, id.0)?;
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let of_report = child_transitions::table.filter(child_transitions::resource_id.eq(RowId(row.id.0)));
        let from = records::known_since(reader.connection, row.id, &sides)?;
        let rows: Vec<ChildTransition> = of_report
            .filter(child_transitions::resource_version.ge(from))
            .filter(child_transitions::id.gt(request.after()?.unwrap_or(ChildTransitionId(uuid::Uuid::nil()))))
            .order(child_transitions::id)
            .limit(request.limit() + 1)
            .load(reader.connection)?;
        reader.shows(Resource::DiscriminationReports, [row.id.0]);
        let page = request.page(rows, |row: &ChildTransition| row.id)?;
        let page = page.try_map(|made| DiscriminationReportTransition::told(made, &sides))?;
        Answer::ok(&DiscriminationReportTransitionPage::from(page))
    })
    .await
}
