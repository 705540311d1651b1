//! A referral: the row, what is shown of it to which side, and what drawing one up says.

use approdo_db::schema::{referral_recipients, referrals};
use approdo_db::{Json, Timestamp, define_id};
use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::rights::{Confinement, Place};
use crate::access::{OrganisationId, PrincipalId};
use crate::agreements::types::{AgreementId, AgreementRow};
use crate::agreements::working_time::WorkingTime;
use crate::cases::types::{CaseId, CaseRow};
use crate::clock;
use crate::consents::types::ConsentId;
use crate::directory::services::ServiceId;
use crate::error::{ApiError, ApiResult};
use crate::http::patch::Edit;
use crate::http::{Checked, Patch};
use crate::page_of;
use crate::people::types::PersonId;
use crate::referrals::access::Sides;
use crate::referrals::package::PackageField;
use crate::referrals::rules::{Outcome, OutcomeSide, ReferralStatus, Side, allowed};
use crate::work::Unit;

define_id! {
    /// The id of a referral.
    #[derive(ToSchema)]
    ReferralId;
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = referrals, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct ReferralRow {
    pub id: ReferralId,
    pub case_id: CaseId,
    pub person_id: PersonId,
    /// The referral that was handed on by this one.
    pub part_of: Option<ReferralId>,
    pub from_org_id: OrganisationId,
    /// None while several are asked and nobody has claimed it.
    pub to_org_id: Option<OrganisationId>,
    pub service_id: Option<ServiceId>,
    /// All services that were asked.
    pub offered_service_ids: Json,
    pub handler_id: Option<PrincipalId>,
    pub target_group: String,
    pub status: ReferralStatus,
    pub priority: String,
    pub reason: String,
    pub package_fields: Json,
    pub legal_basis: Option<String>,
    pub consent_id: Option<ConsentId>,
    pub agreement_id: Option<AgreementId>,
    pub override_reason: Option<String>,
    /// What of the agreement goes with it, as it was when it was sent.
    pub terms: Json,
    pub sent_at: Option<Timestamp>,
    pub due_response_at: Option<Timestamp>,
    pub due_completion_on: Option<NaiveDate>,
    /// When it closes by itself.
    pub close_on: Option<NaiveDate>,
    pub scheduled_at: Option<Timestamp>,
    pub review_at: Option<NaiveDate>,
    pub outcome_code: Option<Outcome>,
    pub client_satisfaction: Option<i64>,
    pub unconfirmed: bool,
    pub author_id: PrincipalId,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What of an agreement goes with a referral: later changes of the agreement are none of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlaTerms {
    /// None where no agreement sets a time.
    pub response_hours: Option<i64>,
    pub completion_days: Option<i64>,
    pub working_time: WorkingTime,
}

impl SlaTerms {
    pub fn of(agreement: &AgreementRow) -> ApiResult<Self> {
        Ok(Self {
            response_hours: Some(agreement.response_hours),
            completion_days: agreement.completion_days,
            working_time: agreement.working_time()?,
        })
    }

    /// The last day on which what is accepted today is completed in time.
    pub fn completion_from(&self, today: NaiveDate) -> Option<NaiveDate> {
        self.completion_days.and_then(|days| today.checked_add_signed(TimeDelta::days(days)))
    }
}

impl ReferralRow {
    /// The members its change record names when it is drawn up.
    pub const MEMBERS: [&str; 6] = ["case_id", "service_id", "status", "priority", "reason", "package_fields"];

    /// One from a case, in which nothing has been said yet.
    pub fn drawn_up(unit: &Unit<'_>, id: ReferralId, case: &CaseRow) -> Self {
        Self {
            id,
            case_id: case.id,
            person_id: case.person_id,
            part_of: None,
            from_org_id: case.owner_org_id,
            to_org_id: None,
            service_id: None,
            offered_service_ids: Json::of([(); 0]),
            handler_id: None,
            target_group: case.target_group.clone(),
            status: ReferralStatus::Draft,
            priority: case.priority.clone(),
            reason: String::new(),
            package_fields: Json::of([(); 0]),
            legal_basis: None,
            consent_id: None,
            agreement_id: None,
            override_reason: None,
            terms: Json::of(SlaTerms::default()),
            sent_at: None,
            due_response_at: None,
            due_completion_on: None,
            close_on: None,
            scheduled_at: None,
            review_at: None,
            outcome_code: None,
            client_satisfaction: None,
            unconfirmed: false,
            author_id: unit.rights.principal,
            version: 1,
            created_at: unit.now,
            updated_at: unit.now,
        }
    }

    pub fn offered(&self) -> ApiResult<Vec<ServiceId>> {
        self.offered_service_ids.read().map_err(ApiError::fault)
    }

    pub fn fields(&self) -> ApiResult<Vec<PackageField>> {
        self.package_fields.read().map_err(ApiError::fault)
    }

    pub fn terms(&self) -> ApiResult<SlaTerms> {
        self.terms.read().map_err(ApiError::fault)
    }

    /// Where it is for the sender: where the case is, so that a protected case has protected referrals. Who hands on what was referred to
    /// it has no case.
    pub fn sending(&self, case: &CaseRow) -> Place {
        if self.part_of.is_some() { self.at(self.from_org_id) } else { case.place() }
    }

    /// Where it is for an organisation that it reaches: wherever that organisation works.
    pub fn at(&self, organisation: OrganisationId) -> Place {
        Place {
            owner_org: organisation,
            territory: None,
            target_group: Some(self.target_group.clone()),
            confinement: Confinement::Open,
        }
    }

    /// Whether several were asked and nobody has claimed it: then nobody works on it, nor reads what is inside.
    pub fn is_unclaimed_offer(&self) -> bool {
        self.to_org_id.is_none()
    }

    /// Whether its receiver may read what is inside.
    pub fn is_open_to_receiver(&self) -> bool {
        !self.is_unclaimed_offer() && self.status.opens_package()
    }

    /// Whether what is due is late.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        let answer = self.status.awaits_answer() && self.due_response_at.is_some_and(|due| due < now);
        let over = self.status.is_terminal() || self.status.is_finished();
        answer || (!over && self.due_completion_on.is_some_and(|due| due < clock::date_of(now)))
    }
}

/// An organisation that a referral reaches, or is offered to.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = referral_recipients, treat_none_as_default_value = false)]
pub struct RecipientRow {
    pub referral_id: ReferralId,
    pub organisation_id: OrganisationId,
    pub service_id: ServiceId,
    pub agreement_id: Option<AgreementId>,
    /// The referral's, so that an inbox is one walk along an index.
    pub status: ReferralStatus,
    pub sent_at: Timestamp,
}

/// A referral, as far as your side of it may see.
#[derive(Debug, Serialize, ToSchema)]
pub struct Referral {
    pub id: ReferralId,
    /// On which sides of it you stand.
    #[schema(min_items = 1, max_items = 2)]
    pub your_sides: Vec<Side>,
    /// The referral that was handed on by this one; told to who handed it on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub part_of: Option<ReferralId>,
    /// Told to the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub case_id: Option<CaseId>,
    /// Told to the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub person_id: Option<PersonId>,
    pub from_org_id: OrganisationId,
    /// Absent while several are asked and nobody has claimed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub to_org_id: Option<OrganisationId>,
    /// The service asked; absent while several are and nobody has claimed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub service_id: Option<ServiceId>,
    /// All services that were asked: to a receiver, its own.
    #[schema(max_items = 20)]
    pub offered_service_ids: Vec<ServiceId>,
    /// Who of the receiver has claimed it; told to the receiver.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub handler_id: Option<PrincipalId>,
    /// A code of `target_groups`; to the receiver with the package.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 40)]
    pub target_group: Option<String>,
    pub status: ReferralStatus,
    /// A code of `case_priorities`.
    #[schema(max_length = 40)]
    pub priority: String,
    /// What is asked for, and why; to the receiver with the package.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 4000)]
    pub reason: Option<String>,
    /// What the package holds.
    #[schema(max_items = 40)]
    pub package_fields: Vec<PackageField>,
    /// A code of `legal_bases`, where it does not rest on a consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 40)]
    pub legal_basis: Option<String>,
    /// The consent it rests on; told to the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub consent_id: Option<ConsentId>,
    /// The agreement it goes under.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub agreement_id: Option<AgreementId>,
    /// Why it went without an agreement; told to the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 2000)]
    pub override_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sent_at: Option<Timestamp>,
    /// When it expires unless it is accepted or declined; absent where nothing is agreed, and while the clock stands still.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub due_response_at: Option<Timestamp>,
    /// The last day agreed for completing it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub due_completion_on: Option<NaiveDate>,
    /// Whether the answer or the completion is late.
    pub overdue: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub scheduled_at: Option<Timestamp>,
    /// When what is on hold will be looked at again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub review_at: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub outcome_code: Option<Outcome>,
    /// With whom it lay that it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub outcome_side: Option<OutcomeSide>,
    /// From 1 (not at all) to 5 (very), as the person said; told to the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 5)]
    pub client_satisfaction: Option<i64>,
    /// Closed by the calendar, because the sender did not confirm.
    pub unconfirmed: bool,
    /// Told to the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub author_id: Option<PrincipalId>,
    /// States it can be moved to by you; guards may still refuse.
    #[schema(max_items = 20)]
    pub allowed_transitions: Vec<ReferralStatus>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Referral {
    /// The referral as these sides may see it.
    pub fn shown(row: ReferralRow, sides: &Sides, now: Timestamp) -> ApiResult<Self> {
        let (sender, receiver) = (sides.is_sender(), sides.is_receiver());
        // Who hands on has the package, and not the case it comes from.
        let keeps_case = sender && row.part_of.is_none();
        let offered = row.offered()?;
        let fields = row.fields()?;
        let opened = sender || row.is_open_to_receiver();
        // Whose agreement binds an offer would tell a body who else was asked.
        let bound = sender || !row.is_unclaimed_offer();
        let moving: Vec<Side> =
            sides.moving.iter().copied().filter(|side| *side == Side::Sender || !row.is_unclaimed_offer()).collect();
        Ok(Self {
            id: row.id,
            your_sides: sides.all(),
            part_of: row.part_of.filter(|_| sender),
            case_id: keeps_case.then_some(row.case_id),
            person_id: keeps_case.then_some(row.person_id),
            from_org_id: row.from_org_id,
            to_org_id: row.to_org_id,
            service_id: row.service_id,
            offered_service_ids: offered.into_iter().filter(|id| sender || sides.services.contains(id)).collect(),
            handler_id: row.handler_id.filter(|_| receiver),
            overdue: row.is_overdue(now),
            allowed_transitions: allowed(row.status, &moving),
            target_group: Some(row.target_group).filter(|_| opened),
            status: row.status,
            priority: row.priority,
            reason: Some(row.reason).filter(|_| opened),
            package_fields: fields,
            legal_basis: row.legal_basis,
            consent_id: row.consent_id.filter(|_| keeps_case),
            agreement_id: row.agreement_id.filter(|_| bound),
            override_reason: row.override_reason.filter(|_| sender),
            sent_at: row.sent_at,
            due_response_at: row.due_response_at.filter(|_| bound && row.status.awaits_answer()),
            due_completion_on: row.due_completion_on,
            scheduled_at: row.scheduled_at,
            review_at: row.review_at,
            outcome_code: row.outcome_code,
            outcome_side: row.outcome_code.and_then(Outcome::side),
            client_satisfaction: row.client_satisfaction.filter(|_| sender),
            unconfirmed: row.unconfirmed,
            author_id: Some(row.author_id).filter(|_| sender),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

page_of! {
    /// A page of referrals.
    ReferralPage of Referral
}

/// A referral to draw up.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "case_id": "01985b2e-0000-7000-8000-000000000003", "service_ids": ["01985b2e-0000-7000-8000-000000000008"],
    "reason": "Beginners' course in the afternoon, please: works mornings.", "package_fields": ["given_name", "family_name", "languages"],
    "legal_basis": "public_task"
}))]
pub struct NewReferral {
    /// An open case.
    pub case_id: CaseId,
    /// The service asked; or several of different organisations, of which the first to claim it takes it.
    #[validate(length(min = 1, max = 20))]
    #[schema(min_items = 1, max_items = 20)]
    pub service_ids: Vec<ServiceId>,
    /// A code of `case_priorities`; the case's when absent.
    #[validate(length(min = 1, max = 40))]
    #[schema(nullable = false, min_length = 1, max_length = 40)]
    pub priority: Option<String>,
    /// What is asked for, and why. The receiver reads it with the package: nothing about the person here that is not in there.
    #[validate(length(min = 1, max = 4000))]
    #[schema(min_length = 1, max_length = 4000)]
    pub reason: String,
    /// What the receiver is to know, and nothing more (GDPR art. 5(1)(c)): taken from the case and the person when it is sent.
    #[validate(length(max = 40))]
    #[serde(default)]
    #[schema(required = false, max_items = 40)]
    pub package_fields: Vec<PackageField>,
    /// A code of `legal_bases`, where it does not rest on a consent of the person.
    #[validate(length(min = 1, max = 40))]
    #[schema(nullable = false, min_length = 1, max_length = 40)]
    pub legal_basis: Option<String>,
    /// Why it is to go without an agreement: for who may override.
    #[validate(length(min = 1, max = 2000))]
    #[schema(nullable = false, min_length = 1, max_length = 2000)]
    pub override_reason: Option<String>,
}

impl Checked for NewReferral {}

/// What of a draft can be edited.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"package_fields": ["given_name", "languages"]}))]
pub struct ReferralPatch {
    #[serde(default)]
    #[schema(required = false, value_type = Vec<ServiceId>, min_items = 1, max_items = 20)]
    pub service_ids: Patch<Vec<ServiceId>>,
    #[serde(default)]
    #[schema(required = false, value_type = String, min_length = 1, max_length = 40)]
    pub priority: Patch<String>,
    #[serde(default)]
    #[schema(required = false, value_type = String, min_length = 1, max_length = 4000)]
    pub reason: Patch<String>,
    #[serde(default)]
    #[schema(required = false, value_type = Vec<PackageField>, max_items = 40)]
    pub package_fields: Patch<Vec<PackageField>>,
    #[serde(default)]
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 40)]
    pub legal_basis: Patch<String>,
    #[serde(default)]
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 2000)]
    pub override_reason: Patch<String>,
}

impl Checked for ReferralPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

/// Applies a patch to a draft. Gives the members that it changes.
pub fn apply(row: &mut ReferralRow, patch: ReferralPatch) -> ApiResult<Vec<&'static str>> {
    let mut edit = Edit::default();
    edit.bounded("priority", &patch.priority, 40);
    edit.bounded("reason", &patch.reason, 4000);
    edit.bounded("legal_basis", &patch.legal_basis, 40);
    edit.bounded("override_reason", &patch.override_reason, 2000);
    edit.at_most("service_ids", &patch.service_ids, 20);
    edit.at_most("package_fields", &patch.package_fields, 40);
    if matches!(&patch.service_ids, Patch::Set(services) if services.is_empty()) {
        edit.refuse("service_ids", "must have at least one item");
    }
    edit.required("service_ids", &mut row.offered_service_ids, patch.service_ids.map(Json::of));
    edit.required("priority", &mut row.priority, patch.priority);
    edit.required("reason", &mut row.reason, patch.reason);
    edit.required("package_fields", &mut row.package_fields, patch.package_fields.map(Json::of));
    edit.optional("legal_basis", &mut row.legal_basis, patch.legal_basis);
    edit.optional("override_reason", &mut row.override_reason, patch.override_reason);
    edit.finish()
}
