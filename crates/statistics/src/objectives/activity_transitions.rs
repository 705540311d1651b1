//! Moves of an activity. Each an immutable row.

use actix_web::post;
use approdo_db::schema::activity_results as results;
use diesel::prelude::*;
use serde::Deserialize;
use utoipa::ToSchema;
use validator::{Validate, ValidationErrors};

use crate::access::caller::{Caller, actions, resources};
use crate::aggregate::moves::{self, ChildTransition, ChildTransitionId, texts_within};
use crate::entries;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Body, Checked, Door, Id, IfMatch};
use crate::objectives::activities::{ActivityId, ActivityRow};
use crate::objectives::rules::ActivityStatus;
use crate::work::Unit;

/// Where to move an activity.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
#[schema(example = json!({"to": "under_way"}))]
pub enum NewActivityTransition {
    /// From planned; from done and dropped, where that was a mistake.
    UnderWay {
        /// Needed from done and dropped: why it is taken up again.
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From under way, once it has a result.
    Done {
        #[schema(nullable = false, min_length = 1, max_length = 2000)]
        note: Option<String>,
    },
    /// From planned and under way.
    Dropped {
        /// Why.
        #[schema(min_length = 1, max_length = 2000)]
        note: String,
    },
}

impl Validate for NewActivityTransition {
    fn validate(&self) -> Result<(), ValidationErrors> {
        texts_within(&[("note", self.to().1, 2000)])
    }
}

impl Checked for NewActivityTransition {}

impl NewActivityTransition {
    fn to(&self) -> (ActivityStatus, Option<&str>) {
        match self {
            Self::UnderWay { note } => (ActivityStatus::UnderWay, note.as_deref()),
            Self::Done { note } => (ActivityStatus::Done, note.as_deref()),
            Self::Dropped { note } => (ActivityStatus::Dropped, Some(note.as_str())),
        }
    }
}

/// Move an activity.
///
/// `planned`→`under_way`→`done`, and the first two →`dropped`; what has ended is taken up again with a reason. What is done has a result
/// (409).
#[utoipa::path(
    tag = "Evaluation",
    params(("activity_id" = ActivityId, Path, description = "The activity.")),
    request_body = NewActivityTransition,
    responses((status = 201, description = "The move; `ETag` is the activity's.", body = ChildTransition))
)]
#[post("/activities/{activity_id}/transitions")]
pub async fn create_activity_transition(
    door: Door,
    caller: Caller<actions::Transition, resources::Activities>,
    id: Id<ActivityId>,
    if_match: IfMatch,
    body: Body<NewActivityTransition>,
) -> ApiResult<Answer> {
    door.write("create_activity_transition", caller, Some(body.fingerprint()), move |unit| {
        let transition = entries::run(unit, id.0, &if_match, &body, make)?;
        let path = format!("/activities/{}", transition.resource_id);
        unit.created(&path, transition.resource_version, &transition)
    })
    .await
}

/// Moves a locked activity; used by the demonstration data as well.
pub fn make(
    unit: &mut Unit<'_>,
    mut row: ActivityRow,
    id: ChildTransitionId,
    asked: &NewActivityTransition,
) -> ApiResult<ChildTransition> {
    let (from, (to, note)) = (row.status, asked.to());
    if !from.next().contains(&to) {
        return Err(moves::no_such_move("an activity", from.as_str(), to.as_str()));
    }
    if !from.is_open() && note.is_none() {
        return Err(ApiError::invalid_member("note", "must say why the activity is taken up again"));
    }
    let told: i64 = results::table.filter(results::activity_id.eq(row.id)).count().get_result(unit.connection)?;
    if let Some(lack) = ActivityStatus::lack(to, told) {
        return Err(ApiError::unmet(vec![lack]));
    }
    row.status = to;
    entries::save(unit, &mut row, &["status"])?;
    entries::keep_move(unit, &row, id, (from.as_str(), to.as_str()), note)
}
