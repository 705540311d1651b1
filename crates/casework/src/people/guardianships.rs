//! Guardianships end when the ward comes of age, and follow a rectified date of birth.

use approdo_db::schema::relations;
use chrono::NaiveDate;
use diesel::prelude::*;

use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::people::kinship::{RelationKind, guardianship_end, guardianship_end_anew};
use crate::people::relation_rows::{self as rows, RelationRow};
use crate::people::types::PersonRow;
use crate::work::Unit;

/// The end of a relation to its object for which a day was asked, or none; 422 where a guardianship would outlast the ward's
/// minority.
pub fn end(kind: RelationKind, ward: &PersonRow, asked: Option<NaiveDate>) -> ApiResult<Option<NaiveDate>> {
    if kind != RelationKind::GuardianOf {
        return Ok(asked);
    }
    let end = guardianship_end(asked, ward.date_of_birth);
    if asked.is_some() && end != asked {
        return Err(ApiError::invalid_member("valid_to", "must not be later than the ward's eighteenth birthday"));
    }
    Ok(end)
}

/// Moves the ends of a ward's guardianships to where their date of birth, which was another one, now puts them; 409 where one would
/// begin when the ward is of age already. The ward and the guardians are locked.
pub fn follow_birth(unit: &mut Unit<'_>, ward: &PersonRow, former: Option<NaiveDate>) -> ApiResult<()> {
    let of_ward = relations::table
        .filter(relations::kind.eq(RelationKind::GuardianOf))
        .filter(relations::object_id.eq(ward.id))
        .order(relations::id);
    let guardianships: Vec<RelationRow> = of_ward.load(unit.connection)?;
    for mut row in guardianships {
        let end = guardianship_end_anew(row.valid_to, former, ward.date_of_birth);
        if end == row.valid_to {
            continue;
        }
        if end.zip(row.valid_from).is_some_and(|(end, begin)| end <= begin) {
            let detail = "a guardianship begins when the ward would be of age: correct or delete it first";
            return Err(ApiError::unmet(vec![UnmetGuard::new("ward_minor", detail)]));
        }
        row.valid_to = end;
        // Also where the guardian's own data is restricted: the rectification is the ward's right (GDPR art. 16 and 18, 2).
        let (_, parties) = rows::with_parties(unit, row.id)?;
        rows::save(unit, &mut row, &parties, &["valid_to"])?;
    }
    Ok(())
}
