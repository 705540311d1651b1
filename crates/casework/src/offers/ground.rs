//! What an offer rests on, and what its receiver may read of the case for the time being.

use approdo_db::schema::{consents, organisations, territories};
use chrono::{Datelike as _, NaiveDate, TimeDelta};
use diesel::prelude::*;

use crate::access::{Action, OrganisationId, Place, Resource, TerritoryId};
use crate::aggregate::Root as _;
use crate::cases::queries as cases;
use crate::cases::types::{CaseId, CaseRow};
use crate::clock;
use crate::consents::coverage as consented;
use crate::consents::data_categories::DataCategory;
use crate::consents::rules::Need;
use crate::consents::types::{ConsentId, ConsentRow};
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::http::Reader;
use crate::offers::Offer;
use crate::offers::two_sided;
use crate::people::queries as people;
use crate::people::types::{PersonId, PersonRow};
use crate::referrals::handlers::require_distinct;
use crate::referrals::package::{self, PackageContent, PackageField};
use crate::referrals::rules::Side;
use crate::referrals::sending::check_legal_basis;
use crate::work::Unit;

/// What an offer says of itself, whatever it offers.
pub struct Terms<'a> {
    pub to_org_id: OrganisationId,
    pub package_fields: &'a [PackageField],
    pub legal_basis: Option<&'a str>,
    /// The first day on which it is good for nothing more.
    pub expires_on: Option<NaiveDate>,
}

/// 403 or 422 where what is offered of a locked case does not fit.
pub fn check(unit: &mut Unit<'_>, case: &CaseRow, person: &PersonRow, terms: &Terms<'_>) -> ApiResult<()> {
    answer_by(unit, terms.expires_on)?;
    require_other_body(unit, case.owner_org_id, terms.to_org_id)?;
    check_legal_basis(unit, terms.legal_basis)?;
    require_distinct(terms.package_fields)?;
    package::require_sendable(terms.package_fields, &unit.rights, case, person)
}

/// Days that the other body has to answer, unless said otherwise.
const ANSWER_DAYS: i64 = 30;

/// The first day on which there is no answering any more, as wanted or by default; 422 where it is not after today, or not within a year.
pub fn answer_by(unit: &Unit<'_>, wanted: Option<NaiveDate>) -> ApiResult<NaiveDate> {
    let today = clock::date_of(unit.now);
    let in_a_year = today.with_year(today.year() + 1).unwrap_or(today + TimeDelta::days(365));
    if wanted.is_some_and(|day| day <= today || day > in_a_year) {
        return Err(ApiError::invalid_member("expires_on", "must be after today and within a year"));
    }
    Ok(wanted.unwrap_or(today + TimeDelta::days(ANSWER_DAYS)))
}

/// 422 for the body that asks or offers itself, and for one that there is not.
pub fn require_other_body(unit: &mut Unit<'_>, own: OrganisationId, other: OrganisationId) -> ApiResult<()> {
    if other == own {
        return Err(ApiError::invalid_member(
            "to_org_id",
            "must be another organisation than that of the case, or that asks",
        ));
    }
    let known: Option<OrganisationId> =
        organisations::table.find(other).select(organisations::id).first(unit.connection).optional()?;
    if known.is_some() { Ok(()) } else { Err(ApiError::unknown_reference("to_org_id")) }
}

/// 422 for a territory that there is not.
pub fn require_territory(unit: &mut Unit<'_>, member: &str, id: Option<TerritoryId>) -> ApiResult<()> {
    let Some(id) = id else { return Ok(()) };
    let known: Option<TerritoryId> =
        territories::table.find(id).select(territories::id).first(unit.connection).optional()?;
    if known.is_some() { Ok(()) } else { Err(ApiError::unknown_reference(member)) }
}

/// 422 unless the caller works with this case and may make such an offer of it.
pub fn require_own(unit: &mut Unit<'_>, resource: Resource, id: CaseId) -> ApiResult<CaseRow> {
    let case = cases::find(unit, id).map_err(unknown_case)?;
    let place = case.place();
    let may = unit.rights.may_at(Action::Create, resource, &place)
        && unit.rights.may_at(Action::Read, Resource::Cases, &place);
    if may { Ok(case) } else { Err(ApiError::unknown_reference("case_id")) }
}

/// What is not there is an unknown case.
pub fn unknown_case(error: ApiError) -> ApiError {
    match error.kind() {
        crate::error::Kind::NotFound => ApiError::unknown_reference("case_id"),
        _ => error,
    }
}

/// The consent it rests on, or none where it has another basis; what is missing where it has neither.
pub fn basis(
    unit: &mut Unit<'_>,
    (purpose, data_categories): (&str, Vec<DataCategory>),
    person: PersonId,
    to: OrganisationId,
    legal_basis: Option<&str>,
) -> ApiResult<Result<Option<ConsentId>, Vec<UnmetGuard>>> {
    if legal_basis.is_some() {
        return Ok(Ok(None));
    }
    let need = Need {
        purpose: purpose.to_owned(),
        data_categories,
        recipient: consented::recipient(unit.connection, to)?,
        onward_sharing: false,
        day: clock::date_of(unit.now),
    };
    Ok(consented::of_person(unit.connection, person, &need)?.map(Some))
}

/// The members of a case and its person that an offer lets its receiver read, as they are now and as far as the caller's grants show
/// them; and those that they hide. 404 where it is live no more, or its consent; 423 where processing is restricted.
pub fn package<O: Offer>(reader: &mut Reader<'_>, offer: &O) -> ApiResult<(PackageContent, Vec<PackageField>)> {
    let sides = two_sided::require(offer, &reader.rights, Action::Read)?;
    let ((case, person), fields) = (offer.about(), offer.fields()?);
    if !offer.is_live() || !consent_holds(reader, offer)? {
        return Err(ApiError::not_found());
    }
    let place = |side: &Side| if *side == Side::Sender { offer.sending() } else { offer.receiving() };
    let reads = |place: &Place| reader.rights.may_at(Action::Read, O::PACKAGE, place);
    let Some(place) = sides.iter().map(place).find(reads) else {
        let detail = "none of your grants lets you look into the case by this";
        return Err(ApiError::forbidden(detail).about(offer.identity().0));
    };
    let case = cases::find(reader, case)?;
    let person = people::find(reader, person)?;
    person.require_workable()?;
    case.require_workable()?;
    let now = reader.now;
    let content = package::gather(reader.connection, &case, &person, &fields, now)?;
    // Who asks of the case who has seen it finds this, too.
    reader.shows(O::PACKAGE, [offer.identity().0, case.id.0, person.id.0]);
    Ok(package::shown(content, &fields, reader.rights.fields_at(&place)))
}

/// Whether the consent that an offer rests on, if it does, holds today: its end may not be recorded yet.
fn consent_holds<O: Offer>(reader: &mut Reader<'_>, offer: &O) -> ApiResult<bool> {
    let Some(id) = offer.consent_id() else { return Ok(true) };
    let consent: ConsentRow = consents::table.find(id).first(reader.connection)?;
    Ok(consent.standing().holds_on(clock::date_of(reader.now)))
}
