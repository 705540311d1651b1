//! Whom facts are about: whose cases are counted, and what of their people tells them apart.

use approdo_db::schema::{cases, organisation_ancestors, people};
use chrono::NaiveDate;
use diesel::prelude::*;

use crate::access::OrganisationId;
use crate::observatory::operational::counting::FactCode;
use crate::observatory::operational::{AGE, Division, SEX};
use crate::people::processing::Processing;
use crate::people::types::PersonId;

/// What is read of a person. Of those who were erased there is what erasure leaves.
#[derive(Debug, Queryable)]
pub struct Subject {
    pub id: PersonId,
    sex: Option<String>,
    born_on: Option<NaiveDate>,
    age_band: Option<String>,
    processing: Processing,
}

/// The columns that a `Subject` is read from.
pub const COLUMNS: (people::id, people::sex, people::date_of_birth, people::age_band, people::processing) =
    (people::id, people::sex, people::date_of_birth, people::age_band, people::processing);

/// Cases that an organisation has, or one below it.
#[diesel::dsl::auto_type]
pub fn with_cases_of(organisation: OrganisationId) -> _ {
    let below = organisation_ancestors::table
        .filter(organisation_ancestors::ancestor_id.eq(organisation))
        .select(organisation_ancestors::organisation_id);
    cases::owner_org_id.eq(organisation).or(cases::owner_org_id.eq_any(below))
}

impl Subject {
    /// Whether the person is counted: not where the data may be stored only (GDPR art. 18).
    pub fn is_counted(&self) -> bool {
        self.processing != Processing::Restricted
    }

    /// The code of a division by people; unknown of any other.
    pub fn code(&self, division: &Division) -> FactCode {
        if *division == SEX {
            FactCode::of(self.sex.clone())
        } else if *division == AGE {
            self.born_on.map_or_else(|| FactCode::of(self.age_band.clone()), FactCode::AgeOf)
        } else {
            FactCode::Unknown
        }
    }
}
