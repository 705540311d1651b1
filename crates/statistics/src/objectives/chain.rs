//! The chain from an objective to what came of it, read at once.

use std::collections::HashMap;

use approdo_db::schema::{activities, activity_results as results};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiResult;
use crate::http::Reader;
use crate::objectives::activities::{Activity, ActivityId, ActivityRow};
use crate::objectives::results::ActivityResult;
use crate::objectives::types::ObjectiveId;

/// What `embed` adds to an objective.
#[derive(Debug, Serialize, ToSchema)]
pub struct EmbeddedInObjective {
    /// All of its activities, in the order they were entered.
    #[schema(max_items = 200)]
    pub activities: Vec<ActivityWithResults>,
}

/// An activity with what came of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActivityWithResults {
    pub activity: Activity,
    /// All of them, in the order they were recorded.
    #[schema(max_items = 200)]
    pub results: Vec<ActivityResult>,
}

/// The activities of an objective, each with its results.
pub fn of(reader: &mut Reader<'_>, objective: ObjectiveId) -> ApiResult<EmbeddedInObjective> {
    let of_objective = activities::table.filter(activities::objective_id.eq(objective)).order(activities::id);
    let rows: Vec<ActivityRow> = of_objective.load(reader.connection)?;
    let ids: Vec<ActivityId> = rows.iter().map(|row| row.id).collect();
    let told = results::table.filter(results::activity_id.eq_any(ids)).order((results::activity_id, results::id));
    let mut by_activity: HashMap<ActivityId, Vec<ActivityResult>> = HashMap::new();
    for result in told.load::<ActivityResult>(reader.connection)? {
        by_activity.entry(result.activity_id).or_default().push(result);
    }
    let with_results = |row: ActivityRow| {
        let results = by_activity.remove(&row.id).unwrap_or_default();
        ActivityWithResults { activity: Activity::shown(row, &reader.rights), results }
    };
    Ok(EmbeddedInObjective { activities: rows.into_iter().map(with_results).collect() })
}
