//! A case: the row, what requests say, what answers show.

use approdo_db::schema::cases;
use approdo_db::{Json, Timestamp, define_id};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use crate::access::rights::{Confinement, Rights};
use crate::access::{Action, FieldGroup, OrganisationId, Place, PrincipalId, Resource, TerritoryId};
use crate::aggregate::Root;
use crate::attachments::types::Attachment;
use crate::cases::assessments::Assessment;
use crate::cases::goals::Goal;
use crate::cases::news;
use crate::cases::plans::Plan;
use crate::cases::queries;
use crate::cases::rules::{self, CaseStatus, State};
use crate::cases::tasks::Task;
use crate::error::ApiResult;
use crate::external_ids::{self, ExternalId};
use crate::http::texts::MemberName;
use crate::http::{Checked, Patch, Reader, reading};
use crate::page_of;
use crate::people::households::HouseholdId;
use crate::people::processing::Processing;
use crate::people::types::{PersonId, Warning, withheld};
use crate::work::Unit;

define_id! {
    /// The id of a case.
    #[derive(ToSchema)]
    CaseId;
    /// The id of a transition.
    #[derive(ToSchema)]
    TransitionId;
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, Serialize)]
#[diesel(table_name = cases, treat_none_as_default_value = false)]
pub struct CaseRow {
    pub id: CaseId,
    pub public_ref: String,
    pub person_id: PersonId,
    pub owner_org_id: OrganisationId,
    pub territory_id: TerritoryId,
    pub target_group: String,
    pub status: CaseStatus,
    pub held_status: Option<CaseStatus>,
    pub review_at: Option<NaiveDate>,
    pub priority: String,
    pub access_level: String,
    pub case_manager_id: Option<PrincipalId>,
    pub legal_basis: Option<String>,
    pub summary: Option<String>,
    pub episode_no: i64,
    pub opened_on: NaiveDate,
    pub closed_on: Option<NaiveDate>,
    pub closing_reason: Option<String>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub processing: Processing,
    pub external_ids: Json,
    pub household_id: Option<HouseholdId>,
    pub arrived_on: Option<NaiveDate>,
}

/// Where a person is, read without the rest of it.
#[derive(Debug, Queryable)]
pub struct PersonPlace {
    owner_org_id: OrganisationId,
    pub territory_id: TerritoryId,
    target_group: Option<String>,
    pub processing: Processing,
}

impl PersonPlace {
    pub fn place(self) -> Place {
        Place {
            owner_org: self.owner_org_id,
            territory: Some(self.territory_id),
            target_group: self.target_group,
            confinement: Confinement::Open,
        }
    }
}

/// Where a case is, read without the rest of it.
#[derive(Debug, Queryable)]
pub struct CasePlace {
    owner_org_id: OrganisationId,
    territory_id: TerritoryId,
    target_group: String,
    access_level: String,
    case_manager_id: Option<PrincipalId>,
}

impl CasePlace {
    pub fn place(self) -> Place {
        Place {
            owner_org: self.owner_org_id,
            territory: Some(self.territory_id),
            target_group: Some(self.target_group),
            confinement: Confinement::of(Some(&self.access_level), self.case_manager_id),
        }
    }
}

impl CaseRow {
    pub fn place(&self) -> Place {
        Place {
            owner_org: self.owner_org_id,
            territory: Some(self.territory_id),
            target_group: Some(self.target_group.clone()),
            confinement: Confinement::of(Some(&self.access_level), self.case_manager_id),
        }
    }

    pub fn state(&self) -> State {
        State { status: self.status, held: self.held_status, episode: self.episode_no }
    }
}

impl Root for CaseRow {
    type Id = CaseId;
    const RESOURCE: Resource = Resource::Cases;

    fn id(&self) -> CaseId {
        self.id
    }

    fn place(&self) -> Place {
        self.place()
    }

    fn find(reader: &mut Reader<'_>, id: CaseId) -> ApiResult<Self> {
        queries::find(reader, id)
    }

    fn lock(unit: &mut Unit<'_>, id: CaseId) -> ApiResult<Self> {
        queries::lock(unit, id)
    }

    fn about(&self) -> Option<uuid::Uuid> {
        Some(self.person_id.0)
    }

    fn require_workable(&self) -> ApiResult<()> {
        self.processing.require_workable()
    }

    fn announce(&self, unit: &mut Unit<'_>) -> ApiResult<()> {
        news::of_case(unit, self)
    }
}

/// The members a field group guards, with the group.
pub const GUARDED: [(&str, FieldGroup); 6] = [
    ("person_id", FieldGroup::Identity),
    ("household_id", FieldGroup::Identity),
    ("external_ids", FieldGroup::Identity),
    ("legal_basis", FieldGroup::Legal),
    ("arrived_on", FieldGroup::Legal),
    ("summary", FieldGroup::Notes),
];

/// Members that `fields` can name.
pub const MEMBERS: [&str; 26] = [
    "id",
    "public_ref",
    "person_id",
    "household_id",
    "owner_org_id",
    "territory_id",
    "target_group",
    "status",
    "held_status",
    "review_at",
    "priority",
    "access_level",
    "case_manager_id",
    "legal_basis",
    "arrived_on",
    "summary",
    "external_ids",
    "episode_no",
    "opened_on",
    "closed_on",
    "closing_reason",
    "processing",
    "allowed_transitions",
    "version",
    "created_at",
    "updated_at",
];

/// A case, as far as the caller may see.
#[derive(Debug, Serialize, ToSchema)]
pub struct Case {
    pub id: CaseId,
    /// To be said on the telephone: eight base-32 digits and a check digit; says nothing by itself.
    #[schema(min_length = 9, max_length = 9, pattern = "^[0-9A-HJKMNP-TV-Z]{9}$")]
    pub public_ref: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub person_id: Option<PersonId>,
    /// The household the person lives in, as far as the case is concerned with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub household_id: Option<HouseholdId>,
    /// The organisation responsible.
    pub owner_org_id: OrganisationId,
    pub territory_id: TerritoryId,
    /// A code of `target_groups`.
    #[schema(max_length = 40)]
    pub target_group: String,
    pub status: CaseStatus,
    /// The state a case on hold will come back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub held_status: Option<CaseStatus>,
    /// When a case on hold will be looked at again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub review_at: Option<NaiveDate>,
    /// A code of `case_priorities`.
    #[schema(max_length = 40)]
    pub priority: String,
    /// A code of `access_levels`.
    #[schema(max_length = 40)]
    pub access_level: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub case_manager_id: Option<PrincipalId>,
    /// A code of `legal_bases` (GDPR art. 6 and 9).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 40)]
    pub legal_basis: Option<String>,
    /// The day the person arrived where the case is: pathways count from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub arrived_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 4000)]
    pub summary: Option<String>,
    /// What the case is called in other systems.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, required = false, max_items = 20)]
    pub external_ids: Option<Vec<ExternalId>>,
    /// 1 at first, one more with each reopening.
    #[schema(minimum = 1, maximum = 1000)]
    pub episode_no: i64,
    pub opened_on: NaiveDate,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub closed_on: Option<NaiveDate>,
    /// A code of `case_closing_reasons` or `case_decline_reasons`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 40)]
    pub closing_reason: Option<String>,
    /// Whether the person's data may be worked with.
    pub processing: Processing,
    /// Where you may move the case, by policy and status; guards may still refuse.
    #[schema(max_items = 8)]
    pub allowed_transitions: Vec<CaseStatus>,
    /// Members your grants hide on this case, whether or not they have a value.
    #[schema(value_type = Vec<MemberName>, max_items = 20)]
    pub withheld_fields: Vec<&'static str>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// What to look at before going on; nothing is blocked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, max_items = 20)]
    pub warnings: Vec<Warning>,
    /// What `embed` asked for.
    #[serde(rename = "_embedded", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub embedded: Option<EmbeddedInCase>,
}

/// What `embed` adds to a case.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct EmbeddedInCase {
    /// The case's tasks, oldest first, at most 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 200)]
    pub tasks: Option<Vec<Task>>,
    /// The case's assessments, oldest first, at most 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 200)]
    pub assessments: Option<Vec<Assessment>>,
    /// The case's goals, oldest first, at most 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 200)]
    pub goals: Option<Vec<Goal>>,
    /// The case's plans, oldest first, at most 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 200)]
    pub plans: Option<Vec<Plan>>,
    /// The case's attachments that are for your eyes, oldest first, at most 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 200)]
    pub attachments: Option<Vec<Attachment>>,
    /// Each move that policy and status allow, with the guards that are not met.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 8)]
    pub transitions: Option<Vec<PossibleTransition>>,
}

/// A move and what stands in its way.
#[derive(Debug, Serialize, ToSchema)]
pub struct PossibleTransition {
    pub to: CaseStatus,
    #[schema(max_items = 20)]
    pub unmet_guards: Vec<crate::error::UnmetGuard>,
}

impl Case {
    /// The case as this caller may see it.
    pub fn shown(row: CaseRow, rights: &Rights) -> Self {
        let place = row.place();
        let fields = rights.fields_at(&place);
        let allowed_transitions = if rights.may_at(Action::Transition, Resource::Cases, &place) {
            rules::allowed(row.state())
        } else {
            Vec::new()
        };
        Self {
            id: row.id,
            public_ref: row.public_ref,
            person_id: Some(row.person_id).filter(|_| fields.reads(FieldGroup::Identity)),
            household_id: row.household_id.filter(|_| fields.reads(FieldGroup::Identity)),
            owner_org_id: row.owner_org_id,
            territory_id: row.territory_id,
            target_group: row.target_group,
            status: row.status,
            held_status: row.held_status,
            review_at: row.review_at,
            priority: row.priority,
            access_level: row.access_level,
            case_manager_id: row.case_manager_id,
            legal_basis: row.legal_basis.filter(|_| fields.reads(FieldGroup::Legal)),
            arrived_on: row.arrived_on.filter(|_| fields.reads(FieldGroup::Legal)),
            summary: row.summary.filter(|_| fields.reads(FieldGroup::Notes)),
            external_ids: Some(external_ids::of(&row.external_ids)).filter(|_| fields.reads(FieldGroup::Identity)),
            episode_no: row.episode_no,
            opened_on: row.opened_on,
            closed_on: row.closed_on,
            closing_reason: row.closing_reason,
            processing: row.processing,
            allowed_transitions,
            withheld_fields: withheld(&GUARDED, fields),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            warnings: Vec::new(),
            embedded: None,
        }
    }
}

page_of! {
    /// A page of cases.
    CasePage of Case
}

/// A case to open for a person.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "person_id": "01985b2e-0000-7000-8000-000000000004", "target_group": "refugee", "priority": "normal",
    "legal_basis": "public_task", "summary": "Arrived in March; looks for housing and an Italian course."
}))]
pub struct NewCase {
    /// Whose case it is. The case belongs to the person's organisation and territory.
    pub person_id: PersonId,
    /// A code of `target_groups`.
    #[validate(length(min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40)]
    pub target_group: String,
    /// A code of `case_priorities`; `normal` when absent.
    #[validate(length(min = 1, max = 40))]
    #[schema(nullable = false, min_length = 1, max_length = 40)]
    pub priority: Option<String>,
    /// A code of `access_levels`; `open` when absent.
    #[validate(length(min = 1, max = 40))]
    #[schema(nullable = false, min_length = 1, max_length = 40)]
    pub access_level: Option<String>,
    /// A user with the right to manage cases there.
    #[schema(nullable = false)]
    pub case_manager_id: Option<PrincipalId>,
    /// A code of `legal_bases`.
    #[validate(length(min = 1, max = 40))]
    #[schema(nullable = false, min_length = 1, max_length = 40)]
    pub legal_basis: Option<String>,
    /// The day the person arrived where the case is: pathways count from it.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub arrived_on: Option<NaiveDate>,
    #[validate(length(min = 1, max = 4000))]
    #[schema(nullable = false, min_length = 1, max_length = 4000)]
    pub summary: Option<String>,
    /// Today when absent; not in the future.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub opened_on: Option<NaiveDate>,
    /// What the case is called in other systems; each can be given once.
    #[serde(default)]
    #[validate(length(max = 20), nested)]
    #[schema(required = false, max_items = 20)]
    pub external_ids: Vec<ExternalId>,
    /// A household in your scope.
    #[schema(nullable = false)]
    pub household_id: Option<HouseholdId>,
}

impl Checked for NewCase {}

/// What of a case can be edited. Its status moves by transitions only.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"priority": "high", "summary": null}))]
pub struct CasePatch {
    #[schema(required = false, value_type = String, min_length = 1, max_length = 40)]
    #[serde(default)]
    pub target_group: Patch<String>,
    #[schema(required = false, value_type = String, min_length = 1, max_length = 40)]
    #[serde(default)]
    pub priority: Patch<String>,
    #[schema(required = false, value_type = String, min_length = 1, max_length = 40)]
    #[serde(default)]
    pub access_level: Patch<String>,
    #[schema(required = false, value_type = Option<PrincipalId>)]
    #[serde(default)]
    pub case_manager_id: Patch<PrincipalId>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 40)]
    #[serde(default)]
    pub legal_basis: Patch<String>,
    #[schema(required = false, value_type = Option<NaiveDate>)]
    #[serde(default, deserialize_with = "reading::patched_day")]
    pub arrived_on: Patch<NaiveDate>,
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 4000)]
    #[serde(default)]
    pub summary: Patch<String>,
    /// Moves the case to another territory of your scope.
    #[schema(required = false, value_type = TerritoryId)]
    #[serde(default)]
    pub territory_id: Patch<TerritoryId>,
    #[schema(required = false, value_type = Vec<ExternalId>, max_items = 20)]
    #[serde(default)]
    pub external_ids: Patch<Vec<ExternalId>>,
    /// A household in your scope. Not while the case covers members of another (409).
    #[schema(required = false, value_type = Option<HouseholdId>)]
    #[serde(default)]
    pub household_id: Patch<HouseholdId>,
}

impl Checked for CasePatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

/// How to read one case.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CaseReadQuery {
    /// Members to answer, separated by commas; all when absent.
    #[validate(length(min = 1, max = 400))]
    #[param(min_length = 1, max_length = 400, example = "id,public_ref,status")]
    pub fields: Option<String>,
    /// `tasks`, `assessments`, `goals`, `plans`, `attachments`, `transitions`, separated by commas: answered in `_embedded`.
    #[validate(length(min = 1, max = 60))]
    #[param(min_length = 1, max_length = 60, example = "tasks,transitions")]
    pub embed: Option<String>,
}
