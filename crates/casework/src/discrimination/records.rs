//! What stands beside a report: its grounds, who reports, and since when a body knows of it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use approdo_db::Connection;
use approdo_db::schema::{
    child_transitions, discrimination_report_grounds as grounds, discrimination_report_messages as messages,
    discrimination_reporters as reporters, discrimination_reports as reports,
};
use approdo_db::types::RowId;
use diesel::prelude::*;

use crate::discrimination::codes::DiscriminationGround;
use crate::discrimination::rules::{DiscriminationReportSide, DiscriminationReportStatus};
use crate::discrimination::types::{
    Beside, DiscriminationReportId, DiscriminationReportRow, DiscriminationReporter, GroundRow,
};
use crate::error::ApiResult;
use crate::work::Unit;

/// What stands beside each of some reports.
pub fn beside(
    connection: &mut Connection,
    rows: &[DiscriminationReportRow],
) -> QueryResult<BTreeMap<DiscriminationReportId, Beside>> {
    let ids: Vec<DiscriminationReportId> = rows.iter().map(|row| row.id).collect();
    let named: HashSet<DiscriminationReportId> = reporters::table
        .filter(reporters::discrimination_report_id.eq_any(&ids))
        .select(reporters::discrimination_report_id)
        .load(connection)?
        .into_iter()
        .collect();
    let mut beside: BTreeMap<DiscriminationReportId, Beside> =
        ids.iter().map(|id| (*id, Beside { grounds: Vec::new(), is_named: named.contains(id) })).collect();
    let told: Vec<GroundRow> = grounds::table
        .filter(grounds::discrimination_report_id.eq_any(&ids))
        .order((grounds::discrimination_report_id, grounds::ground))
        .load(connection)?;
    for ground in told {
        beside.entry(ground.discrimination_report_id).or_default().grounds.push(ground);
    }
    Ok(beside)
}

/// The same of one report.
pub fn beside_one(connection: &mut Connection, row: &DiscriminationReportRow) -> QueryResult<Beside> {
    Ok(beside(connection, std::slice::from_ref(row))?.remove(&row.id).unwrap_or_default())
}

pub fn reporter(
    connection: &mut Connection,
    id: DiscriminationReportId,
) -> QueryResult<Option<DiscriminationReporter>> {
    reporters::table.find(id).first(connection).optional()
}

pub fn of_code(connection: &mut Connection, digest: &[u8]) -> QueryResult<Option<DiscriminationReportRow>> {
    reports::table.filter(reports::follow_up_hash.eq(digest)).first(connection).optional()
}

/// Writes for what a new report is.
pub fn add_grounds(
    connection: &mut Connection,
    id: DiscriminationReportId,
    told: &[DiscriminationGround],
) -> QueryResult<()> {
    for ground in told.iter().copied().collect::<BTreeSet<_>>() {
        let row = GroundRow { discrimination_report_id: id, ground, reported: true, confirmed: false };
        diesel::insert_into(grounds::table).values(row).execute(connection)?;
    }
    Ok(())
}

/// Writes what triage found, beside what was reported: that stays as it was told.
pub fn confirm_grounds(
    connection: &mut Connection,
    id: DiscriminationReportId,
    found: &[DiscriminationGround],
) -> QueryResult<()> {
    let of_report = grounds::table.filter(grounds::discrimination_report_id.eq(id));
    let told: Vec<GroundRow> = of_report.load(connection)?;
    let reported: BTreeSet<DiscriminationGround> =
        told.iter().filter(|row| row.reported).map(|row| row.ground).collect();
    let confirmed: BTreeSet<DiscriminationGround> = found.iter().copied().collect();
    diesel::delete(of_report).execute(connection)?;
    for ground in reported.union(&confirmed).copied() {
        let (reported, confirmed) = (reported.contains(&ground), confirmed.contains(&ground));
        let row = GroundRow { discrimination_report_id: id, ground, reported, confirmed };
        diesel::insert_into(grounds::table).values(row).execute(connection)?;
    }
    Ok(())
}

/// Deletes who reported and what they were told.
pub fn forget(unit: &mut Unit<'_>, id: DiscriminationReportId) -> ApiResult<()> {
    diesel::delete(reporters::table.find(id)).execute(unit.connection)?;
    diesel::delete(messages::table.filter(messages::discrimination_report_id.eq(id))).execute(unit.connection)?;
    Ok(())
}

/// The version of a report from which on these sides know what was done and written: the body it is routed to, from its own routing on.
pub fn known_since(
    connection: &mut Connection,
    id: DiscriminationReportId,
    sides: &[DiscriminationReportSide],
) -> QueryResult<i64> {
    if sides.contains(&DiscriminationReportSide::First) {
        return Ok(0);
    }
    let routed: Option<i64> = child_transitions::table
        .filter(child_transitions::resource_id.eq(RowId(id.0)))
        .filter(child_transitions::to_status.eq(DiscriminationReportStatus::Routed.as_str()))
        .select(diesel::dsl::max(child_transitions::resource_version))
        .first(connection)?;
    Ok(routed.unwrap_or(i64::MAX))
}
