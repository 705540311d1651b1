//! What lets a referral go: a basis in law, an agreement, and a service that is there (domain 12, 13, 16, 51).

use approdo_db::schema::services;
use diesel::prelude::*;

use crate::access::{Action, OrganisationId, Resource, scope};
use crate::agreements::coverage as agreed;
use crate::agreements::rules::Wish;
use crate::agreements::types::AgreementRow;
use crate::clock;
use crate::codes;
use crate::consents::coverage as consented;
use crate::consents::rules::Need;
use crate::consents::types::ConsentId;
use crate::directory::services::{ServiceId, ServiceRow, ServiceStatus};
use crate::error::{ApiError, ApiResult, UnmetGuard};
use crate::referrals::package::{self, PackageField};
use crate::referrals::types::{RecipientRow, ReferralRow, SlaTerms};
use crate::work::Unit;

/// The purpose that people consent to being referred for: a code of `consent_purposes`.
pub const REFERRAL: &str = "referral";

/// Bases that are consents: what is recorded of them is looked up.
const CONSENTS: [&str; 2] = ["consent", "explicit_consent"];

/// 422 for a basis that is none, or one that must be recorded as a consent.
pub fn check_legal_basis(unit: &Unit<'_>, legal_basis: Option<&str>) -> ApiResult<()> {
    codes::check_optional(unit.app, "legal_bases", "legal_basis", legal_basis)?;
    match legal_basis {
        Some(code) if CONSENTS.contains(&code) => {
            Err(ApiError::invalid_member("legal_basis", "leave it out: the person's recorded consent is looked up"))
        }
        _ => Ok(()),
    }
}

/// The services asked, in their order: each there, each of another organisation.
pub fn services(unit: &mut Unit<'_>, ids: &[ServiceId]) -> ApiResult<Vec<ServiceRow>> {
    let mut known: Vec<ServiceRow> = services::table.filter(services::id.eq_any(ids)).load(unit.connection)?;
    let mut found: Vec<ServiceRow> = Vec::new();
    for (index, id) in ids.iter().enumerate() {
        let member = format!("service_ids/{index}");
        let at = known.iter().position(|service| service.id == *id);
        let service = at.map(|at| known.swap_remove(at)).ok_or_else(|| ApiError::unknown_reference(&member))?;
        if found.iter().any(|earlier| earlier.organisation_id == service.organisation_id) {
            return Err(ApiError::invalid_member(&member, "another service of the same organisation is asked already"));
        }
        found.push(service);
    }
    Ok(found)
}

/// What a referral rests on when it goes.
pub struct Leave {
    pub consent_id: Option<ConsentId>,
    pub recipients: Vec<RecipientRow>,
    /// The agreement of the first recipient.
    pub agreement: Option<AgreementRow>,
}

/// Whether a referral may go to these services with these members; 409 with every guard that is not met. The person is locked: a consent
/// is not withdrawn meanwhile.
pub fn leave(
    unit: &mut Unit<'_>,
    row: &ReferralRow,
    case_territory: crate::access::TerritoryId,
    services: &[ServiceRow],
    fields: &[PackageField],
) -> ApiResult<Leave> {
    let mut unmet = Vec::new();
    for service in services.iter().filter(|service| service.status != ServiceStatus::Active) {
        let detail = format!("the service {} is {} at present", service.id, service.status);
        unmet.push(UnmetGuard { guard: "service_active".into(), detail: detail.into() });
    }
    let asked: Vec<OrganisationId> = services.iter().map(|service| service.organisation_id).collect();
    let consent_id = match basis(unit, row, &asked, fields)? {
        Ok(consent_id) => consent_id,
        Err(lacks) => {
            unmet.extend(lacks);
            None
        }
    };
    let territory = scope::above(unit.connection, case_territory, clock::date_of(unit.now))?;
    let from = agreed::with_above(unit.connection, row.from_org_id)?;
    let (mut recipients, mut first) = (Vec::new(), None);
    for service in services {
        let wish = Wish {
            from: from.clone(),
            to: agreed::with_above(unit.connection, service.organisation_id)?,
            service: service.id,
            territory: territory.clone(),
            target_group: row.target_group.clone(),
            data_categories: package::categories(fields),
            day: clock::date_of(unit.now),
        };
        let agreement = match agreed::of_wish(unit.connection, &wish)? {
            Ok(agreement) => Some(agreement),
            Err(_) if service.organisation_id == row.from_org_id || overridden(unit, row, &mut unmet) => None,
            Err(lacks) => {
                unmet.extend(lacks);
                None
            }
        };
        recipients.push(RecipientRow {
            referral_id: row.id,
            organisation_id: service.organisation_id,
            service_id: service.id,
            agreement_id: agreement.as_ref().map(|agreement| agreement.id),
            status: row.status,
            sent_at: unit.now,
        });
        first = first.or(agreement);
    }
    unmet.dedup_by(|one, other| one.guard == other.guard && one.detail == other.detail);
    unmet.truncate(20);
    if unmet.is_empty() { Ok(Leave { consent_id, recipients, agreement: first }) } else { Err(ApiError::unmet(unmet)) }
}

/// Whether it may go without an agreement: a reason is given by somebody who may override.
fn overridden(unit: &Unit<'_>, row: &ReferralRow, unmet: &mut Vec<UnmetGuard>) -> bool {
    if row.override_reason.is_none() {
        return false;
    }
    let may = unit.rights.may_in(Action::Create, Resource::ReferralOverrides, row.from_org_id);
    if !may {
        unmet.push(UnmetGuard::new("override", "none of your grants lets you refer without an agreement"));
    }
    may
}

/// The consent it rests on, or none where it has another basis; what is missing where it has neither.
pub fn basis(
    unit: &mut Unit<'_>,
    row: &ReferralRow,
    organisations: &[OrganisationId],
    fields: &[PackageField],
) -> ApiResult<Result<Option<ConsentId>, Vec<UnmetGuard>>> {
    if row.legal_basis.is_some() {
        return Ok(Ok(None));
    }
    let mut needs = Vec::new();
    for organisation in organisations {
        needs.push(Need {
            purpose: REFERRAL.into(),
            data_categories: package::categories(fields),
            recipient: consented::recipient(unit.connection, *organisation)?,
            onward_sharing: row.part_of.is_some(),
            day: clock::date_of(unit.now),
        });
    }
    Ok(consented::of_person_for_all(unit.connection, row.person_id, &needs)?.map(Some))
}

/// Lets it go: what it rests on and whom it reaches is written into its row. Gives the members that this changes.
pub fn depart(unit: &mut Unit<'_>, row: &mut ReferralRow, leave: &Leave) -> ApiResult<Vec<&'static str>> {
    let sole = match leave.recipients.as_slice() {
        [recipient] => Some((recipient.organisation_id, recipient.service_id)),
        _ => None,
    };
    (row.to_org_id, row.service_id) = (sole.map(|(organisation, _)| organisation), sole.map(|(_, service)| service));
    row.consent_id = leave.consent_id;
    row.sent_at = Some(unit.now);
    bind(unit, row, leave.agreement.as_ref())?;
    Ok(vec!["to_org_id", "service_id", "consent_id", "agreement_id", "sent_at", "due_response_at"])
}

/// Binds a referral to the agreement that it goes under, whose clock runs since it was sent.
pub fn bind(unit: &Unit<'_>, row: &mut ReferralRow, agreement: Option<&AgreementRow>) -> ApiResult<()> {
    let terms = agreement.map(SlaTerms::of).transpose()?.unwrap_or_default();
    row.agreement_id = agreement.map(|agreement| agreement.id);
    let sent_at = row.sent_at.unwrap_or(unit.now);
    row.due_response_at = terms
        .response_hours
        .and_then(|hours| terms.working_time.deadline(sent_at.instant(), hours, &[]))
        .map(approdo_db::Timestamp::new);
    row.terms = approdo_db::Json::of(terms);
    Ok(())
}
