//! The reports of discrimination of the demonstration: invented, about nobody.

use chrono::{Datelike as _, NaiveDate, TimeDelta};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::access::OrganisationId;
use crate::aggregate::moves::ChildTransitionId;
use crate::clock;
use crate::demo::load::{Known, lookup, parse};
use crate::demo::{request, story};
use crate::discrimination::codes::DiscriminationReportChannel;
use crate::discrimination::messages::{self, DiscriminationReportMessageId, NewDiscriminationReportMessage};
use crate::discrimination::rules::DiscriminationReportSide;
use crate::discrimination::types::{DiscriminationReportId, DiscriminationReportRow};
use crate::discrimination::{intake, transitions};
use crate::entries;
use crate::error::{ApiError, ApiResult};
use crate::work::Unit;

const REPORTS: &str = include_str!("../../demo/discrimination.json");

#[derive(Deserialize)]
struct Reports {
    reports: Vec<DemoReport>,
    counted: Vec<DemoCounted>,
}

#[derive(Deserialize)]
struct DemoReport {
    to: String,
    officer: String,
    channel: DiscriminationReportChannel,
    days_ago: i64,
    territory: String,
    report: Value,
    moves: Vec<DemoMove>,
    messages: Vec<DemoMessage>,
}

#[derive(Deserialize)]
struct DemoMove {
    by: String,
    days_ago: i64,
    to_org: Option<String>,
    r#move: Value,
}

#[derive(Deserialize)]
struct DemoMessage {
    by: String,
    days_ago: i64,
    text: String,
}

/// Reports of an earlier year, all alike and closed within a month, for the statistics.
#[derive(Deserialize)]
struct DemoCounted {
    outcome: String,
    years_ago: i32,
    month: u32,
    many: usize,
    territory: String,
    report: Value,
}

/// Loads the reports.
pub fn all(unit: &mut Unit<'_>, known: &Known) -> ApiResult<()> {
    let told: Reports = parse(REPORTS)?;
    let today = clock::date_of(unit.now);
    let (mut body, mut officer) = (None, None);
    for one in told.reports {
        let organisation = lookup(&known.organisations, &one.to)?;
        (body, officer) = (Some(organisation), Some(lookup(&known.callers, &one.officer)?));
        report(unit, known, organisation, today, one)?;
    }
    let Some(body) = body else { return Ok(()) };
    for one in told.counted {
        let first = NaiveDate::from_ymd_opt(today.year() - one.years_ago, one.month, 10);
        let on = first.ok_or_else(|| ApiError::fault("the demonstration data names a month that there is not"))?;
        let ids = [
            ("organisation_id", json!(body)),
            ("territory_id", json!(lookup(&known.territories, &one.territory)?)),
            ("description", json!("Invented for the statistics.")),
            ("reporter_role", json!("affected")),
            ("language", json!("it")),
        ];
        for _ in 0..one.many {
            let (id, new) = (DiscriminationReportId::new(), request(one.report.clone(), &ids)?);
            story::in_the_name_of(unit, officer, on, |unit| {
                intake::take(unit, id, DiscriminationReportChannel::Officer, new)
            })?;
            let triaged = json!({"to": "triaged", "within_competence": true, "urgency": "normal",
                "grounds": one.report.get("grounds")});
            let closed = json!({"to": "closed", "outcome": one.outcome, "note": "Invented for the statistics."});
            for (days, asked) in [(2, triaged), (20, closed)] {
                let asked = request(asked, &[])?;
                story::in_the_name_of(unit, officer, on + TimeDelta::days(days), |unit| {
                    let row: DiscriminationReportRow = entries::found_locked(unit, id)?;
                    transitions::make(unit, row, ChildTransitionId::new(), &asked)
                })?;
            }
        }
    }
    Ok(())
}

fn report(
    unit: &mut Unit<'_>,
    known: &Known,
    organisation: OrganisationId,
    today: NaiveDate,
    told: DemoReport,
) -> ApiResult<()> {
    let ago = |days: i64| today - TimeDelta::days(days);
    let territory = lookup(&known.territories, &told.territory)?;
    let occurred_on = ago(told.days_ago + 10).format("%Y-%m").to_string();
    let ids = [
        ("organisation_id", json!(organisation)),
        ("territory_id", json!(territory)),
        ("occurred_on", json!(occurred_on)),
    ];
    let (id, new) = (DiscriminationReportId::new(), request(told.report, &ids)?);
    story::in_the_name_of(unit, None, ago(told.days_ago), |unit| intake::take(unit, id, told.channel, new))?;
    for one in told.moves {
        let officer = lookup(&known.callers, &one.by)?;
        let to = one.to_org.map(|key| lookup(&known.organisations, &key)).transpose()?;
        let ids: Vec<(&str, Value)> = to.map(|to| ("to_org_id", json!(to))).into_iter().collect();
        let asked = request(one.r#move, &ids)?;
        story::in_the_name_of(unit, Some(officer), ago(one.days_ago), |unit| {
            let row: DiscriminationReportRow = entries::found_locked(unit, id)?;
            transitions::make(unit, row, ChildTransitionId::new(), &asked)
        })?;
    }
    for one in told.messages {
        let officer = lookup(&known.callers, &one.by)?;
        let is_own = one.by == told.officer;
        let side = if is_own { DiscriminationReportSide::First } else { DiscriminationReportSide::Competent };
        let new = NewDiscriminationReportMessage { text: one.text };
        story::in_the_name_of(unit, Some(officer), ago(one.days_ago), |unit| {
            let row: DiscriminationReportRow = entries::found_locked(unit, id)?;
            messages::tell(unit, &row, &[side], DiscriminationReportMessageId::new(), new)
        })?;
    }
    Ok(())
}
