//! An agreement: the row, what is shown of it, and what drawing one up says.

use approdo_db::schema::agreements;
use approdo_db::{Json, Timestamp, define_id, text_enum};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::{Action, OrganisationId, Resource, Rights, TerritoryId};
use crate::agreements::rules::{AgreementStatus, Terms};
use crate::agreements::working_time::WorkingTime;
use crate::consents::data_categories::DataCategory;
use crate::directory::services::ServiceId;
use crate::entry;
use crate::error::{ApiError, ApiResult};
use crate::http::patch::Edit;
use crate::http::texts::CodeText;
use crate::http::{Checked, Patch, reading};
use crate::page_of;

define_id! {
    /// The id of an agreement.
    #[derive(ToSchema)]
    AgreementId;
}

text_enum! {
    /// What kind of agreement it is (Italian Law 241/1990, art. 15; Legislative Decree 267/2000, art. 30 and 34).
    #[derive(ToSchema)]
    AgreementType {
        /// A memorandum of understanding.
        Memorandum = "memorandum",
        /// A protocol between bodies.
        Protocol = "protocol",
        /// A convention.
        Convention = "convention",
    }
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = agreements, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct AgreementRow {
    pub id: AgreementId,
    pub organisation_id: OrganisationId,
    pub title: String,
    pub agreement_type: AgreementType,
    pub reference: Option<String>,
    pub legal_basis: String,
    pub parties: Json,
    pub service_ids: Json,
    pub territory_ids: Json,
    pub target_groups: Json,
    pub data_categories: Json,
    pub response_hours: i64,
    pub completion_days: Option<i64>,
    pub working_time: Json,
    pub valid_from: NaiveDate,
    pub valid_to: Option<NaiveDate>,
    pub status: AgreementStatus,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

entry!(AgreementRow, AgreementId, agreements, organisation_id, "agreement", Agreements);

fn read<T: DeserializeOwned>(column: &Json) -> ApiResult<T> {
    column.read().map_err(ApiError::fault)
}

impl AgreementRow {
    /// The members its change record names when it is drawn up.
    pub const MEMBERS: [&str; 16] = [
        "organisation_id",
        "title",
        "agreement_type",
        "reference",
        "legal_basis",
        "parties",
        "service_ids",
        "territory_ids",
        "target_groups",
        "data_categories",
        "response_hours",
        "completion_days",
        "working_time",
        "valid_from",
        "valid_to",
        "status",
    ];

    pub fn parties(&self) -> ApiResult<Vec<Party>> {
        read(&self.parties)
    }

    pub fn working_time(&self) -> ApiResult<WorkingTime> {
        read(&self.working_time)
    }

    pub fn terms(&self) -> ApiResult<Terms> {
        Ok(Terms {
            id: self.id,
            status: self.status,
            valid_from: self.valid_from,
            valid_to: self.valid_to,
            parties: self.parties()?,
            service_ids: read(&self.service_ids)?,
            territory_ids: read(&self.territory_ids)?,
            target_groups: read(&self.target_groups)?,
            data_categories: read(&self.data_categories)?,
        })
    }
}

/// A body that is bound by an agreement, with all below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Party {
    pub organisation_id: OrganisationId,
    /// Whether it may refer people to the others.
    pub may_send: bool,
    /// Whether people may be referred to it.
    pub may_receive: bool,
    /// When it signed; absent until it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, read_only)]
    pub signed_on: Option<NaiveDate>,
}

/// A body to be bound by an agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewParty {
    /// An organisation of the directory.
    pub organisation_id: OrganisationId,
    /// Whether it may refer people to the others.
    #[serde(default)]
    pub may_send: bool,
    /// Whether people may be referred to it.
    #[serde(default)]
    pub may_receive: bool,
}

impl From<NewParty> for Party {
    fn from(new: NewParty) -> Self {
        let NewParty { organisation_id, may_send, may_receive } = new;
        Self { organisation_id, may_send, may_receive, signed_on: None }
    }
}

/// An agreement between bodies.
#[derive(Debug, Serialize, ToSchema)]
pub struct Agreement {
    pub id: AgreementId,
    /// The party whose administrators keep it.
    pub organisation_id: OrganisationId,
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    pub agreement_type: AgreementType,
    /// What it is filed under.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 100)]
    pub reference: Option<String>,
    /// What lets data travel under it: a code of `legal_bases`. It stands beside a consent, not for it.
    #[schema(max_length = 40)]
    pub legal_basis: String,
    /// Who is bound.
    #[schema(min_items = 2, max_items = 50)]
    pub parties: Vec<Party>,
    /// Services that people may be referred to; every one of the receiving parties when empty.
    #[schema(max_items = 200)]
    pub service_ids: Vec<ServiceId>,
    /// Where the people may live, with all that lies in it; anywhere when empty.
    #[schema(max_items = 200)]
    pub territory_ids: Vec<TerritoryId>,
    /// Codes of `target_groups`; every group when empty.
    #[schema(value_type = Vec<CodeText>, max_items = 50)]
    pub target_groups: Vec<String>,
    /// Data that may travel.
    #[schema(max_items = 20)]
    pub data_categories: Vec<DataCategory>,
    /// Hours within which the receiver answers, as `working_time` counts them.
    #[schema(minimum = 1, maximum = 2000)]
    pub response_hours: i64,
    /// Days within which the receiver completes what it has accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 1825)]
    pub completion_days: Option<i64>,
    pub working_time: WorkingTime,
    pub valid_from: NaiveDate,
    /// The first day it holds no more; absent while no end is agreed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub valid_to: Option<NaiveDate>,
    /// How it stands today.
    pub status: AgreementStatus,
    /// Whether people may be referred under it today.
    pub in_force: bool,
    /// States it can be moved to by you.
    #[schema(max_items = 4)]
    pub allowed_transitions: Vec<AgreementStatus>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Agreement {
    pub fn shown(row: AgreementRow, rights: &Rights, today: NaiveDate) -> ApiResult<Self> {
        let (terms, working_time) = (row.terms()?, row.working_time()?);
        let status = terms.today(today);
        let moves = rights.may_in(Action::Transition, Resource::Agreements, row.organisation_id);
        Ok(Self {
            id: row.id,
            organisation_id: row.organisation_id,
            title: row.title,
            agreement_type: row.agreement_type,
            reference: row.reference,
            legal_basis: row.legal_basis,
            in_force: terms.in_force(today),
            parties: terms.parties,
            service_ids: terms.service_ids,
            territory_ids: terms.territory_ids,
            target_groups: terms.target_groups,
            data_categories: terms.data_categories,
            response_hours: row.response_hours,
            completion_days: row.completion_days,
            working_time,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            status,
            allowed_transitions: if moves { status.next().to_vec() } else { Vec::new() },
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

page_of! {
    /// A page of agreements.
    AgreementPage of Agreement
}

/// An agreement to draw up.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "organisation_id": "01985b2e-0000-7000-8000-000000000001", "title": "Protocollo per l'apprendimento dell'italiano",
    "agreement_type": "protocol", "legal_basis": "public_task",
    "parties": [
        {"organisation_id": "01985b2e-0000-7000-8000-000000000001", "may_send": true},
        {"organisation_id": "01985b2e-0000-7000-8000-000000000002", "may_receive": true}
    ],
    "data_categories": ["identity", "contact"], "response_hours": 48, "completion_days": 90, "valid_from": "2026-01-01"
}))]
pub struct NewAgreement {
    /// An organisation that you administer, and one of the parties.
    pub organisation_id: OrganisationId,
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    pub agreement_type: AgreementType,
    /// What it is filed under.
    #[validate(length(min = 1, max = 100))]
    #[schema(nullable = false, min_length = 1, max_length = 100)]
    pub reference: Option<String>,
    /// What lets data travel under it: a code of `legal_bases`.
    #[validate(length(min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40)]
    pub legal_basis: String,
    /// Who is bound: each once; somebody may send, and somebody else receive.
    #[validate(length(min = 2, max = 50), nested)]
    #[schema(min_items = 2, max_items = 50)]
    pub parties: Vec<NewParty>,
    /// Services that people may be referred to; every one of the receiving parties when empty.
    #[validate(length(max = 200))]
    #[serde(default)]
    #[schema(required = false, max_items = 200)]
    pub service_ids: Vec<ServiceId>,
    /// Where the people may live, with all that lies in it; anywhere when empty.
    #[validate(length(max = 200))]
    #[serde(default)]
    #[schema(required = false, max_items = 200)]
    pub territory_ids: Vec<TerritoryId>,
    /// Codes of `target_groups`; every group when empty.
    #[validate(length(max = 50))]
    #[serde(default)]
    #[schema(value_type = Vec<CodeText>, required = false, max_items = 50)]
    pub target_groups: Vec<String>,
    /// Data that may travel.
    #[validate(length(min = 1, max = 20))]
    #[schema(min_items = 1, max_items = 20)]
    pub data_categories: Vec<DataCategory>,
    /// Hours within which the receiver answers, as `working_time` counts them.
    #[validate(range(min = 1, max = 2000))]
    #[serde(deserialize_with = "reading::whole")]
    #[schema(minimum = 1, maximum = 2000)]
    pub response_hours: i64,
    /// Days within which the receiver completes what it has accepted.
    #[validate(range(min = 1, max = 1825))]
    #[serde(default, deserialize_with = "reading::optional_whole")]
    #[schema(nullable = false, minimum = 1, maximum = 1825)]
    pub completion_days: Option<i64>,
    /// Monday to Friday in Italy when absent.
    #[validate(nested)]
    #[serde(default)]
    #[schema(required = false)]
    pub working_time: WorkingTime,
    #[serde(deserialize_with = "reading::day")]
    pub valid_from: NaiveDate,
    /// The first day it holds no more.
    #[serde(default, deserialize_with = "reading::optional_day")]
    #[schema(nullable = false)]
    pub valid_to: Option<NaiveDate>,
}

impl Checked for NewAgreement {}

/// What of a draft can be edited.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"response_hours": 72}))]
pub struct AgreementPatch {
    #[serde(default)]
    #[schema(required = false, value_type = String, min_length = 1, max_length = 200)]
    pub title: Patch<String>,
    #[serde(default)]
    #[schema(required = false, value_type = AgreementType)]
    pub agreement_type: Patch<AgreementType>,
    #[serde(default)]
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 100)]
    pub reference: Patch<String>,
    #[serde(default)]
    #[schema(required = false, value_type = String, min_length = 1, max_length = 40)]
    pub legal_basis: Patch<String>,
    #[serde(default)]
    #[schema(required = false, value_type = Vec<NewParty>, min_items = 2, max_items = 50)]
    pub parties: Patch<Vec<NewParty>>,
    #[serde(default)]
    #[schema(required = false, value_type = Vec<ServiceId>, max_items = 200)]
    pub service_ids: Patch<Vec<ServiceId>>,
    #[serde(default)]
    #[schema(required = false, value_type = Vec<TerritoryId>, max_items = 200)]
    pub territory_ids: Patch<Vec<TerritoryId>>,
    #[serde(default)]
    #[schema(required = false, value_type = Vec<CodeText>, max_items = 50)]
    pub target_groups: Patch<Vec<String>>,
    #[serde(default)]
    #[schema(required = false, value_type = Vec<DataCategory>, min_items = 1, max_items = 20)]
    pub data_categories: Patch<Vec<DataCategory>>,
    #[serde(default, deserialize_with = "reading::patched_whole")]
    #[schema(required = false, value_type = i64, minimum = 1, maximum = 2000)]
    pub response_hours: Patch<i64>,
    #[serde(default, deserialize_with = "reading::patched_whole")]
    #[schema(required = false, value_type = Option<i64>, minimum = 1, maximum = 1825)]
    pub completion_days: Patch<i64>,
    #[serde(default)]
    #[schema(required = false, value_type = WorkingTime)]
    pub working_time: Patch<WorkingTime>,
    #[serde(default, deserialize_with = "reading::patched_day")]
    #[schema(required = false, value_type = NaiveDate)]
    pub valid_from: Patch<NaiveDate>,
    #[serde(default, deserialize_with = "reading::patched_day")]
    #[schema(required = false, value_type = Option<NaiveDate>)]
    pub valid_to: Patch<NaiveDate>,
}

impl Checked for AgreementPatch {
    const MEDIA_TYPE: &'static str = "application/merge-patch+json";
}

/// Applies a patch to a draft. Gives the members that it changes.
pub fn apply(row: &mut AgreementRow, patch: AgreementPatch) -> ApiResult<Vec<&'static str>> {
    let mut edit = Edit::default();
    edit.bounded("title", &patch.title, 200);
    edit.bounded("reference", &patch.reference, 100);
    edit.bounded("legal_basis", &patch.legal_basis, 40);
    edit.items("parties", &patch.parties, 50);
    edit.at_most("service_ids", &patch.service_ids, 200);
    edit.at_most("territory_ids", &patch.territory_ids, 200);
    edit.at_most("target_groups", &patch.target_groups, 50);
    edit.at_most("data_categories", &patch.data_categories, 20);
    edit.lies_within("response_hours", &patch.response_hours, 1..=2000);
    edit.lies_within("completion_days", &patch.completion_days, 1..=1825);
    if let Patch::Set(working_time) = &patch.working_time {
        edit.valid("working_time", working_time);
    }
    edit.required("title", &mut row.title, patch.title);
    edit.required("agreement_type", &mut row.agreement_type, patch.agreement_type);
    edit.optional("reference", &mut row.reference, patch.reference);
    edit.required("legal_basis", &mut row.legal_basis, patch.legal_basis);
    let parties = patch.parties.map(|parties| Json::of(parties.into_iter().map(Party::from).collect::<Vec<_>>()));
    edit.required("parties", &mut row.parties, parties);
    edit.required("service_ids", &mut row.service_ids, patch.service_ids.map(Json::of));
    edit.required("territory_ids", &mut row.territory_ids, patch.territory_ids.map(Json::of));
    edit.required("target_groups", &mut row.target_groups, patch.target_groups.map(Json::of));
    edit.required("data_categories", &mut row.data_categories, patch.data_categories.map(Json::of));
    edit.required("response_hours", &mut row.response_hours, patch.response_hours);
    edit.optional("completion_days", &mut row.completion_days, patch.completion_days);
    edit.required("working_time", &mut row.working_time, patch.working_time.map(Json::of));
    edit.required("valid_from", &mut row.valid_from, patch.valid_from);
    edit.optional("valid_to", &mut row.valid_to, patch.valid_to);
    edit.finish()
}
