//! In which cases of others a person is or was covered, as a member of their household: the case and the time, and nothing of whose
//! case it is.

use approdo_db::schema::{case_household_members, cases, history};
use approdo_db::types::RowId;
use approdo_db::{Connection, Json, Timestamp};
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{Action, Resource, Rights};
use crate::aggregate::Child as _;
use crate::cases::household_members::{CaseHouseholdMember, is_in_sight};
use crate::cases::types::{CaseId, CaseRow};
use crate::error::{ApiError, ApiResult};
use crate::people::types::PersonId;
use crate::work::Operation;

/// A time in which somebody else's case covers or covered the person.
#[derive(Debug, Serialize, ToSchema)]
pub struct Coverage {
    pub case_id: CaseId,
    pub covered_from: Timestamp,
    /// When the person was taken out of the case; absent while it covers them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub covered_until: Option<Timestamp>,
}

/// The times of a person, oldest first, in cases where the caller may know of them; and how many there are in other cases.
pub fn of_person(connection: &mut Connection, rights: &Rights, person: PersonId) -> ApiResult<(Vec<Coverage>, i64)> {
    let present: Vec<CaseHouseholdMember> =
        case_household_members::table.filter(case_household_members::person_id.eq(person)).load(connection)?;
    let mut times: Vec<(CaseHouseholdMember, Option<Timestamp>)> = present.into_iter().map(|row| (row, None)).collect();
    times.extend(past(connection, person)?);
    times.sort_by_key(|(row, _)| row.id);
    let there = times.len();
    let mut told = Vec::new();
    for (row, covered_until) in times {
        let case: CaseRow = cases::table.find(row.case_id).first(connection)?;
        let place = case.place();
        if rights.may_at(Action::Read, Resource::CaseHouseholdMembers, &place) && is_in_sight(rights.fields_at(&place))
        {
            told.push(Coverage { case_id: row.case_id, covered_from: row.created_at, covered_until });
        }
    }
    let withheld = i64::try_from(there - told.len()).unwrap_or(i64::MAX);
    Ok((told, withheld))
}

/// Those that have ended, with when.
fn past(connection: &mut Connection, person: PersonId) -> ApiResult<Vec<(CaseHouseholdMember, Option<Timestamp>)>> {
    let ended: Vec<(Json, Timestamp)> = history::table
        .filter(history::person_id.eq(RowId(person.0)))
        .filter(history::resource.eq(CaseHouseholdMember::KIND))
        .filter(history::operation.eq(Operation::Deleted))
        .select((history::field_values, history::at))
        .load(connection)?;
    let read = |(values, at): (Json, Timestamp)| {
        let row = values.read().map_err(ApiError::fault)?;
        Ok((row, Some(at)))
    };
    ended.into_iter().map(read).collect()
}
