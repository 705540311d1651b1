//! A consent: the row, what is shown of it, and what giving one says.

use approdo_db::schema::consents;
use approdo_db::{Json, Timestamp, define_id, text_enum};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::access::{Action, FieldGroup, OrganisationId, PrincipalId, Resource, Rights};
use crate::attachments::types::AttachmentId;
use crate::child;
use crate::consents::data_categories::DataCategory;
use crate::consents::rules::{ConsentStatus, Standing, Terms};
use crate::error::{ApiError, ApiResult};
use crate::http::forms::language_code;
use crate::http::texts::{CodeText, MemberName};
use crate::http::{Checked, reading};
use crate::page_of;
use crate::people::relation_rows::RelationId;
use crate::people::types::{PersonId, PersonRow, Warning, withheld};

define_id! {
    /// The id of a consent.
    #[derive(ToSchema)]
    ConsentId;
}

text_enum! {
    /// Who took a consent back.
    #[derive(ToSchema)]
    WithdrawnBy {
        Person = "person",
        /// Whoever acts for the person.
        Guardian = "guardian",
    }
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = consents, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct ConsentRow {
    pub id: ConsentId,
    pub person_id: PersonId,
    pub status: ConsentStatus,
    pub purposes: Json,
    pub data_categories: Json,
    pub recipient_ids: Json,
    pub recipient_kinds: Json,
    pub onward_sharing: bool,
    pub notice_version: String,
    pub notice_language: String,
    pub interpreter_needed: bool,
    pub interpreter_name: Option<String>,
    pub interpreter_language: Option<String>,
    pub method: String,
    pub evidence: Option<String>,
    pub evidence_attachment_id: Option<AttachmentId>,
    pub given_on: NaiveDate,
    pub valid_from: NaiveDate,
    pub expires_on: Option<NaiveDate>,
    pub guardian_relation_id: Option<RelationId>,
    pub supersedes_id: Option<ConsentId>,
    pub ended_on: Option<NaiveDate>,
    pub withdrawn_by: Option<WithdrawnBy>,
    pub withdrawal_method: Option<String>,
    pub author_id: PrincipalId,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub notice_published_on: Option<NaiveDate>,
}

child!(ConsentRow, ConsentId, consents, "consent", Consents; of PersonRow, person_id in people);

fn list<T: DeserializeOwned>(column: &Json) -> ApiResult<Vec<T>> {
    column.read().map_err(ApiError::fault)
}

impl ConsentRow {
    /// The members its change record names when it is given.
    pub const MEMBERS: [&str; 22] = [
        "person_id",
        "status",
        "purposes",
        "data_categories",
        "recipient_ids",
        "recipient_kinds",
        "onward_sharing",
        "notice_version",
        "notice_published_on",
        "notice_language",
        "interpreter_needed",
        "interpreter_name",
        "interpreter_language",
        "method",
        "evidence",
        "evidence_attachment_id",
        "given_on",
        "valid_from",
        "expires_on",
        "guardian_relation_id",
        "supersedes_id",
        "author_id",
    ];

    pub fn standing(&self) -> Standing {
        Standing {
            status: self.status,
            valid_from: self.valid_from,
            expires_on: self.expires_on,
            ended_on: self.ended_on,
        }
    }

    /// Takes up how it stands from now on. Gives the members that this changes.
    pub fn stand(&mut self, standing: Standing) -> Vec<&'static str> {
        let mut changed = vec!["status"];
        if self.ended_on != standing.ended_on {
            changed.push("ended_on");
        }
        (self.status, self.ended_on) = (standing.status, standing.ended_on);
        changed
    }

    pub fn terms(&self) -> ApiResult<Terms> {
        Ok(Terms {
            id: self.id,
            standing: self.standing(),
            purposes: list(&self.purposes)?,
            data_categories: list(&self.data_categories)?,
            recipient_ids: list(&self.recipient_ids)?,
            recipient_kinds: list(&self.recipient_kinds)?,
            onward_sharing: self.onward_sharing,
        })
    }
}

/// The members a field group guards, with the group. A minor's consent ends at the eighteenth birthday, so its last day tells that.
pub const GUARDED: [(&str, FieldGroup); 7] = [
    ("interpreter_needed", FieldGroup::Identity),
    ("interpreter_name", FieldGroup::Identity),
    ("interpreter_language", FieldGroup::Identity),
    ("guardian_relation_id", FieldGroup::Identity),
    ("expires_on", FieldGroup::Identity),
    ("evidence", FieldGroup::Legal),
    ("evidence_attachment_id", FieldGroup::Legal),
];

/// A consent, as far as the caller may see.
#[derive(Debug, Serialize, ToSchema)]
pub struct Consent {
    pub id: ConsentId,
    pub person_id: PersonId,
    /// How it stands today.
    pub status: ConsentStatus,
    /// What the data may be used for (GDPR art. 6(1)(a)): codes of `consent_purposes`.
    #[schema(value_type = Vec<CodeText>, max_items = 20)]
    pub purposes: Vec<String>,
    /// Which data may be used.
    #[schema(max_items = 20)]
    pub data_categories: Vec<DataCategory>,
    /// Organisations that may receive the data.
    #[schema(max_items = 50)]
    pub recipient_ids: Vec<OrganisationId>,
    /// Categories of recipients: codes of `organisation_kinds`, each for every organisation of that kind.
    #[schema(value_type = Vec<CodeText>, max_items = 20)]
    pub recipient_kinds: Vec<String>,
    /// Whether a recipient may hand the data on (domain 13).
    pub onward_sharing: bool,
    /// The version of the notice that the person was given (GDPR art. 13).
    #[schema(max_length = 40)]
    pub notice_version: String,
    /// The day that version was published, where it was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub notice_published_on: Option<NaiveDate>,
    /// The language of that notice (ISO 639-1).
    #[schema(min_length = 2, max_length = 2, pattern = "^[a-z]{2}$")]
    pub notice_language: String,
    /// Whether the notice was interpreted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, required = false)]
    pub interpreter_needed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub interpreter_name: Option<String>,
    /// The language it was interpreted into (ISO 639-1).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 2, max_length = 2, pattern = "^[a-z]{2}$")]
    pub interpreter_language: Option<String>,
    /// How it was given: a code of `consent_methods`.
    #[schema(max_length = 40)]
    pub method: String,
    /// By what it can be shown that it was given (GDPR art. 7(1)).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 2000)]
    pub evidence: Option<String>,
    /// The same, where it is attached to a case of the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub evidence_attachment_id: Option<AttachmentId>,
    pub given_on: NaiveDate,
    pub valid_from: NaiveDate,
    /// The first day it holds no more by what was agreed; absent while no end is known. A minor's ends at the eighteenth birthday at the
    /// latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub expires_on: Option<NaiveDate>,
    /// The guardianship, or parenthood, by which somebody consented for a minor (GDPR art. 8).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub guardian_relation_id: Option<RelationId>,
    /// The consent in whose place it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub supersedes_id: Option<ConsentId>,
    /// The first day it holds no more because it was withdrawn or superseded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ended_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub withdrawn_by: Option<WithdrawnBy>,
    /// How it was withdrawn: a code of `consent_methods`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 40)]
    pub withdrawal_method: Option<String>,
    pub author_id: PrincipalId,
    /// States it can be moved to by you.
    #[schema(max_items = 4)]
    pub allowed_transitions: Vec<ConsentStatus>,
    /// Members your grants hide on this consent, whether or not they have a value.
    #[schema(value_type = Vec<MemberName>, max_items = 20)]
    pub withheld_fields: Vec<&'static str>,
    /// Rises with every change.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// What to look at; nothing is blocked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, max_items = 20)]
    pub warnings: Vec<Warning>,
}

impl Consent {
    /// The consent as it stands on a day, as these rights show it.
    pub fn shown(row: ConsentRow, person: &PersonRow, rights: &Rights, today: NaiveDate) -> ApiResult<Self> {
        let place = person.place();
        let fields = rights.fields_at(&place);
        let (identity, legal) = (fields.reads(FieldGroup::Identity), fields.reads(FieldGroup::Legal));
        let (terms, status) = (row.terms()?, row.standing().today(today));
        let movable = status == ConsentStatus::Active && rights.may_at(Action::Transition, Resource::Consents, &place);
        Ok(Self {
            id: row.id,
            person_id: row.person_id,
            status,
            purposes: terms.purposes,
            data_categories: terms.data_categories,
            recipient_ids: terms.recipient_ids,
            recipient_kinds: terms.recipient_kinds,
            onward_sharing: row.onward_sharing,
            notice_version: row.notice_version,
            notice_published_on: row.notice_published_on,
            notice_language: row.notice_language,
            interpreter_needed: Some(row.interpreter_needed).filter(|_| identity),
            interpreter_name: row.interpreter_name.filter(|_| identity),
            interpreter_language: row.interpreter_language.filter(|_| identity),
            method: row.method,
            evidence: row.evidence.filter(|_| legal),
            evidence_attachment_id: row.evidence_attachment_id.filter(|_| legal),
            given_on: row.given_on,
            valid_from: row.valid_from,
            expires_on: row.expires_on.filter(|_| identity),
            guardian_relation_id: row.guardian_relation_id.filter(|_| identity),
            supersedes_id: row.supersedes_id,
            ended_on: row.ended_on,
            withdrawn_by: row.withdrawn_by,
            withdrawal_method: row.withdrawal_method,
            author_id: row.author_id,
            allowed_transitions: movable.then_some(ConsentStatus::Withdrawn).into_iter().collect(),
            withheld_fields: withheld(&GUARDED, fields),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            warnings: Vec::new(),
        })
    }
}

page_of! {
    /// A page of consents.
    ConsentPage of Consent
}

/// A consent to record. Silence and ticked boxes are none (GDPR art. 4(11), recital 32): somebody has said or signed it.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "purposes": ["referral"], "data_categories": ["identity", "contact", "assessment"],
    "recipient_ids": ["01985b2e-0000-7000-8000-000000000001"], "recipient_kinds": ["employment_service"],
    "notice_version": "2026-03", "notice_published_on": "2026-03-01", "notice_language": "it", "interpreter_needed": true, "interpreter_language": "uk",
    "method": "written", "evidence": "Signed form, folder 2026/114, sheet 3.", "expires_on": "2028-01-01"
}))]
pub struct NewConsent {
    /// What the data may be used for: codes of `consent_purposes`. Each must have been put to the person apart from the others (GDPR
    /// art. 7(2)).
    #[validate(length(min = 1, max = 20))]
    #[schema(value_type = Vec<CodeText>, min_items = 1, max_items = 20)]
    pub purposes: Vec<String>,
    /// Which data may be used. `health` is data of GDPR art. 9: the consent must have been explicit.
    #[validate(length(min = 1, max = 20))]
    #[schema(min_items = 1, max_items = 20)]
    pub data_categories: Vec<DataCategory>,
    /// Organisations that may receive the data.
    #[serde(default)]
    #[validate(length(max = 50))]
    #[schema(required = false, max_items = 50)]
    pub recipient_ids: Vec<OrganisationId>,
    /// Categories of recipients (GDPR art. 13(1)(e)): codes of `organisation_kinds`, each for every organisation of that kind.
    #[serde(default)]
    #[validate(length(max = 20))]
    #[schema(value_type = Vec<CodeText>, required = false, max_items = 20)]
    pub recipient_kinds: Vec<String>,
    /// Whether a recipient may hand the data on.
    #[serde(default)]
    pub onward_sharing: bool,
    /// The version of the notice that the person was given.
    #[validate(length(min = 1, max = 40), custom(function = "version_shaped"))]
    #[schema(min_length = 1, max_length = 40, pattern = "^[A-Za-z0-9][A-Za-z0-9 ._/-]*$")]
    pub notice_version: String,
    /// The day that version was published, as it says itself; not after `given_on`: nobody agrees to a notice that there is not yet.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub notice_published_on: Option<NaiveDate>,
    /// The language of that notice (ISO 639-1).
    #[validate(custom(function = "language_code"))]
    #[schema(min_length = 2, max_length = 2, pattern = "^[a-z]{2}$")]
    pub notice_language: String,
    /// Whether the notice was interpreted: then with a name or a language.
    #[serde(default)]
    pub interpreter_needed: bool,
    #[validate(length(min = 1, max = 200))]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub interpreter_name: Option<String>,
    /// The language it was interpreted into (ISO 639-1).
    #[validate(custom(function = "language_code"))]
    #[schema(nullable = false, min_length = 2, max_length = 2, pattern = "^[a-z]{2}$")]
    pub interpreter_language: Option<String>,
    /// How it was given: a code of `consent_methods`.
    #[validate(length(min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40)]
    pub method: String,
    /// By what it can be shown that it was given (GDPR art. 7(1)). This or an attachment is required.
    #[validate(length(min = 1, max = 2000))]
    #[schema(nullable = false, min_length = 1, max_length = 2000)]
    pub evidence: Option<String>,
    /// The same, where it is attached to a case of the person and its content is stored.
    #[schema(nullable = false)]
    pub evidence_attachment_id: Option<AttachmentId>,
    /// Today when absent; not in the future, nor before the person was born.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub given_on: Option<NaiveDate>,
    /// From `given_on` when absent; not before it.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub valid_from: Option<NaiveDate>,
    /// The first day it holds no more. A minor's consent ends at the eighteenth birthday, or before.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "reading::optional_day")]
    pub expires_on: Option<NaiveDate>,
    /// Required for who is a minor on `given_on`: the guardianship, or parenthood, that holds then.
    #[schema(nullable = false)]
    pub guardian_relation_id: Option<RelationId>,
    /// An active consent of the person that this one, which holds from today at the latest, stands in place of.
    #[schema(nullable = false)]
    pub supersedes_id: Option<ConsentId>,
}

impl Checked for NewConsent {}

impl NewConsent {
    /// The guarded members that it tells.
    pub fn guarded(&self) -> impl Iterator<Item = &'static str> {
        [
            ("interpreter_needed", self.interpreter_needed),
            ("interpreter_name", self.interpreter_name.is_some()),
            ("interpreter_language", self.interpreter_language.is_some()),
            ("guardian_relation_id", self.guardian_relation_id.is_some()),
            ("expires_on", self.expires_on.is_some()),
            ("evidence", self.evidence.is_some()),
            ("evidence_attachment_id", self.evidence_attachment_id.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, told)| told.then_some(name))
    }
}

fn version_shaped(version: &str) -> Result<(), ValidationError> {
    let begins = version.starts_with(|first: char| first.is_ascii_alphanumeric());
    if begins && version.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '_' | '/' | '-')) {
        Ok(())
    } else {
        let told = "must be letters, digits, spaces and . _ / - only, a letter or digit first";
        Err(ValidationError::new("pattern").with_message(told.into()))
    }
}
