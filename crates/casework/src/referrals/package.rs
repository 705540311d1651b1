//! What travels with a referral: members from a closed list, taken from the case and its person when it is sent, frozen, with a SHA-256
//! over the JSON Canonicalization Scheme (RFC 8785) of the whole (domain 12).

use approdo_db::schema::{goals, referral_packages};
use approdo_db::{Connection, Json, Timestamp, text_enum};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use crate::access::rights::FieldRights;
use crate::access::{Action, FieldGroup, Resource, Rights};
use crate::aggregate::Child as _;
use crate::cases::assessments::{AssessmentRow, AssessmentStatus};
use crate::cases::goals::{Goal, GoalStatus};
use crate::cases::life_domains::LifeDomain;
use crate::cases::types::CaseRow;
use crate::clock;
use crate::consents::data_categories::DataCategory;
use crate::contents::intake::hexadecimal;
use crate::error::{ApiError, ApiResult};
use crate::http::texts::{CountryCode, LanguageCode};
use crate::people::contacts::{Contact, ContactKind};
use crate::people::legal_statuses::{self, LegalStatusRow};
use crate::people::timeline::DocumentStatus;
use crate::people::types::PersonRow;
use crate::referrals::types::ReferralId;

text_enum! {
    /// A member that a package can hold.
    #[derive(ToSchema)]
    PackageField {
        GivenName = "given_name",
        FamilyName = "family_name",
        GivenNameLatin = "given_name_latin",
        FamilyNameLatin = "family_name_latin",
        DateOfBirth = "date_of_birth",
        Sex = "sex",
        TaxCode = "tax_code",
        Citizenships = "citizenships",
        Languages = "languages",
        InterpreterNeeded = "interpreter_needed",
        InterpreterLanguage = "interpreter_language",
        Email = "email",
        Phone = "phone",
        /// Contacts that are safe to use, with how.
        Contacts = "contacts",
        HealthNeeds = "health_needs",
        PersonNotes = "person_notes",
        /// The legal status that holds on the day it is sent.
        LegalStatus = "legal_status",
        CaseRef = "case_ref",
        ArrivedOn = "arrived_on",
        CaseSummary = "case_summary",
        /// Needs and strengths of the last completed assessment, but those in health and legal matters.
        Assessment = "assessment",
        /// The same in health.
        HealthAssessment = "health_assessment",
        /// The same in legal matters.
        LegalAssessment = "legal_assessment",
        /// Goals that are open.
        Goals = "goals",
    }
}

impl PackageField {
    /// What it is taken from, and the field group that guards it there: who may not read it does not send it.
    pub fn guard(self) -> (Resource, Option<FieldGroup>) {
        use FieldGroup::{Health, Identity, Legal, Notes};
        match self {
            Self::GivenName
            | Self::FamilyName
            | Self::GivenNameLatin
            | Self::FamilyNameLatin
            | Self::DateOfBirth
            | Self::Sex
            | Self::TaxCode
            | Self::Languages
            | Self::InterpreterNeeded
            | Self::InterpreterLanguage
            | Self::Email
            | Self::Phone => (Resource::People, Some(Identity)),
            Self::Contacts => (Resource::Contacts, Some(Identity)),
            Self::Citizenships => (Resource::People, Some(Legal)),
            Self::HealthNeeds => (Resource::People, Some(Health)),
            Self::PersonNotes => (Resource::People, Some(Notes)),
            Self::LegalStatus => (Resource::LegalStatuses, Some(Legal)),
            Self::CaseRef => (Resource::Cases, None),
            Self::ArrivedOn => (Resource::Cases, Some(Legal)),
            Self::CaseSummary => (Resource::Cases, Some(Notes)),
            Self::Assessment => (Resource::Assessments, None),
            Self::HealthAssessment => (Resource::Assessments, Some(Health)),
            Self::LegalAssessment => (Resource::Assessments, Some(Legal)),
            Self::Goals => (Resource::Goals, None),
        }
    }

    /// The category of data it belongs to: what consents and agreements are about.
    pub fn category(self) -> DataCategory {
        match self {
            // How the person is reached, although the register keeps it beside the name.
            Self::Email | Self::Phone => DataCategory::Contact,
            _ => {
                let (resource, group) = self.guard();
                DataCategory::of(resource, group).unwrap_or(DataCategory::Case)
            }
        }
    }

    fn is_readable(self, fields: FieldRights) -> bool {
        self.guard().1.is_none_or(|group| fields.reads(group))
    }
}

/// The categories of data that a package with these members holds.
pub fn categories(fields: &[PackageField]) -> Vec<DataCategory> {
    let mut categories: Vec<DataCategory> = fields.iter().map(|field| field.category()).collect();
    categories.sort_unstable();
    categories.dedup();
    categories
}

/// 403 for members that the caller may not read where they are: the person can be elsewhere than the case.
pub fn require_sendable(fields: &[PackageField], rights: &Rights, case: &CaseRow, person: &PersonRow) -> ApiResult<()> {
    let (of_case, of_person) = (rights.fields_at(&case.place()), rights.fields_at(&person.place()));
    let sendable = |field: &PackageField| match field.guard().0 {
        resource @ (Resource::People | Resource::Contacts | Resource::LegalStatuses) => {
            field.is_readable(of_person) && rights.may_at(Action::Read, resource, &person.place())
        }
        _ => field.is_readable(of_case),
    };
    refuse(fields.iter().filter(|field| !sendable(field)))
}

/// The same of a package that is to go on: by what its receiver may read of it.
pub fn require_readable(fields: &[PackageField], rights: FieldRights) -> ApiResult<()> {
    refuse(fields.iter().filter(|field| !field.is_readable(rights)))
}

fn refuse<'a>(hidden: impl Iterator<Item = &'a PackageField>) -> ApiResult<()> {
    let hidden: Vec<&str> = hidden.map(|field| field.as_str()).collect();
    if hidden.is_empty() {
        Ok(())
    } else {
        Err(ApiError::forbidden(format!("your grants do not let you send {}", hidden.join(", "))))
    }
}

/// A way to reach the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PackageContact {
    pub kind: ContactKind,
    #[schema(max_length = 500)]
    pub value: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 100)]
    pub label: Option<String>,
    /// When and how it can be used without risk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 1000)]
    pub safety_note: Option<String>,
}

/// A legal status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PackageLegalStatus {
    /// A code of `residence_statuses`.
    #[schema(max_length = 40)]
    pub category: String,
    pub status: DocumentStatus,
    pub valid_from: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub valid_to: Option<NaiveDate>,
}

/// Need and strength in a life domain, from 0 (none) to 4 (very much).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PackageRating {
    pub domain: LifeDomain,
    #[schema(minimum = 0, maximum = 4)]
    pub need: i64,
    #[schema(minimum = 0, maximum = 4)]
    pub strength: i64,
}

/// What is to be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PackageGoal {
    pub life_domain: LifeDomain,
    #[schema(max_length = 200)]
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub target_on: Option<NaiveDate>,
}

/// Makes the content: each member is there or not.
macro_rules! content {
    ($($(#[$meta:meta])* $member:ident: $kind:ty = $field:ident,)*) => {
        /// What a package holds: the members that were sent, where they had a value.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        pub struct PackageContent {
            $(
                #[serde(default, skip_serializing_if = "Option::is_none")]
                $(#[$meta])*
                pub $member: Option<$kind>,
            )*
        }

        impl PackageContent {
            /// The members of a content whose fields a test lets pass; the others are as if they had no value.
            fn only(mut self, passes: impl Fn(PackageField) -> bool) -> Self {
                $(if !passes(PackageField::$field) { self.$member = None; })*
                self
            }
        }
    };
}

content! {
    #[schema(nullable = false, max_length = 200)]
    given_name: String = GivenName,
    #[schema(nullable = false, max_length = 200)]
    family_name: String = FamilyName,
    #[schema(nullable = false, max_length = 200)]
    given_name_latin: String = GivenNameLatin,
    #[schema(nullable = false, max_length = 200)]
    family_name_latin: String = FamilyNameLatin,
    #[schema(nullable = false)]
    date_of_birth: NaiveDate = DateOfBirth,
    /// A code of `sexes`.
    #[schema(nullable = false, max_length = 40)]
    sex: String = Sex,
    #[schema(nullable = false, max_length = 32)]
    tax_code: String = TaxCode,
    #[schema(value_type = Vec<CountryCode>, nullable = false, required = false, max_items = 10)]
    citizenships: Vec<String> = Citizenships,
    #[schema(value_type = Vec<LanguageCode>, nullable = false, required = false, max_items = 20)]
    languages: Vec<String> = Languages,
    #[schema(nullable = false, required = false)]
    interpreter_needed: bool = InterpreterNeeded,
    #[schema(nullable = false, min_length = 2, max_length = 2, pattern = "^[a-z]{2}$")]
    interpreter_language: String = InterpreterLanguage,
    #[schema(nullable = false, max_length = 254)]
    email: String = Email,
    #[schema(nullable = false, max_length = 40)]
    phone: String = Phone,
    #[schema(nullable = false, required = false, max_items = 200)]
    contacts: Vec<PackageContact> = Contacts,
    #[schema(nullable = false, max_length = 4000)]
    health_needs: String = HealthNeeds,
    #[schema(nullable = false, max_length = 4000)]
    person_notes: String = PersonNotes,
    #[schema(nullable = false)]
    legal_status: PackageLegalStatus = LegalStatus,
    /// What the case is called on the telephone.
    #[schema(nullable = false, max_length = 9)]
    case_ref: String = CaseRef,
    #[schema(nullable = false)]
    arrived_on: NaiveDate = ArrivedOn,
    #[schema(nullable = false, max_length = 4000)]
    case_summary: String = CaseSummary,
    #[schema(nullable = false, required = false, max_items = 9)]
    assessment: Vec<PackageRating> = Assessment,
    #[schema(nullable = false)]
    health_assessment: PackageRating = HealthAssessment,
    #[schema(nullable = false)]
    legal_assessment: PackageRating = LegalAssessment,
    #[schema(nullable = false, required = false, max_items = 200)]
    goals: Vec<PackageGoal> = Goals,
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = referral_packages, treat_none_as_default_value = false)]
pub struct PackageRow {
    pub referral_id: ReferralId,
    /// As it is hashed.
    pub content: String,
    pub sha256: String,
    pub frozen_at: Timestamp,
}

/// What travelled with a referral, as far as your grants let you see.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReferralPackage {
    pub referral_id: ReferralId,
    /// SHA-256, in hexadecimal digits, of the whole content in the JSON Canonicalization Scheme (RFC 8785). Absent where members are
    /// withheld: who knows the rest could guess them by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 64, max_length = 64, pattern = "^[0-9a-f]{64}$")]
    pub sha256: Option<String>,
    /// When it was frozen: what has changed since is not in it.
    pub frozen_at: Timestamp,
    pub content: PackageContent,
    /// Members of the content that your grants hide, whether or not they have a value.
    #[schema(max_items = 40)]
    pub withheld_fields: Vec<PackageField>,
}

impl ReferralPackage {
    pub fn shown(row: PackageRow, sent: &[PackageField], fields: FieldRights) -> ApiResult<Self> {
        let content: PackageContent = serde_json::from_str(&row.content).map_err(ApiError::fault)?;
        let (content, withheld_fields) = shown(content, sent, fields);
        Ok(Self {
            referral_id: row.referral_id,
            sha256: Some(row.sha256).filter(|_| withheld_fields.is_empty()),
            frozen_at: row.frozen_at,
            content,
            withheld_fields,
        })
    }
}

/// What a caller may read of a content, and which of the members sent are withheld.
pub fn shown(
    content: PackageContent,
    sent: &[PackageField],
    fields: FieldRights,
) -> (PackageContent, Vec<PackageField>) {
    let withheld = sent.iter().copied().filter(|field| !field.is_readable(fields)).collect();
    (content.only(|field| field.is_readable(fields)), withheld)
}

/// The package of a referral, once it was sent.
pub fn of_referral(connection: &mut Connection, id: ReferralId) -> QueryResult<Option<PackageRow>> {
    referral_packages::table.find(id).first(connection).optional()
}

/// Freezes a content.
pub fn freeze(
    connection: &mut Connection,
    referral_id: ReferralId,
    content: &PackageContent,
    frozen_at: Timestamp,
) -> ApiResult<PackageRow> {
    let content = canonical(content)?;
    let sha256 = hexadecimal(&Sha256::digest(content.as_bytes()));
    let row = PackageRow { referral_id, content, sha256, frozen_at };
    diesel::insert_into(referral_packages::table).values(&row).execute(connection)?;
    Ok(row)
}

/// RFC 8785 of a content: its names are ASCII and its numbers whole, so that sorted members without blanks are all that it asks for.
fn canonical(content: &PackageContent) -> ApiResult<String> {
    let sorted = serde_json::to_value(content).map_err(ApiError::fault)?;
    serde_json::to_string(&sorted).map_err(ApiError::fault)
}

/// The members of a package that go on with a referral that is handed on.
pub fn narrowed(package: &PackageRow, fields: &[PackageField]) -> ApiResult<PackageContent> {
    let content: PackageContent = serde_json::from_str(&package.content).map_err(ApiError::fault)?;
    Ok(content.only(|field| fields.contains(&field)))
}

/// Takes the members asked for from the case and its person as they are now.
pub fn gather(
    connection: &mut Connection,
    case: &CaseRow,
    person: &PersonRow,
    fields: &[PackageField],
    now: Timestamp,
) -> ApiResult<PackageContent> {
    let list = |json: &Json| -> Option<Vec<String>> { json.read().ok() };
    let rated = last_ratings(connection, case)?;
    let rated_in = |domain: LifeDomain| rated.iter().find(|rating| rating.domain == domain).cloned();
    let special = |rating: &PackageRating| matches!(rating.domain, LifeDomain::Health | LifeDomain::Legal);
    let all = PackageContent {
        given_name: Some(person.given_name.clone()),
        family_name: Some(person.family_name.clone()),
        given_name_latin: person.given_name_latin.clone(),
        family_name_latin: person.family_name_latin.clone(),
        date_of_birth: person.date_of_birth,
        sex: person.sex.clone(),
        tax_code: person.tax_code.clone(),
        citizenships: list(&person.citizenships),
        languages: list(&person.languages),
        interpreter_needed: Some(person.interpreter_needed),
        interpreter_language: person.interpreter_language.clone(),
        email: person.email.clone(),
        phone: person.phone.clone(),
        contacts: Some(safe_contacts(connection, person)?),
        health_needs: person.health_needs.clone(),
        person_notes: person.notes.clone(),
        legal_status: status_today(connection, person, clock::date_of(now))?,
        case_ref: Some(case.public_ref.clone()),
        arrived_on: case.arrived_on,
        case_summary: case.summary.clone(),
        health_assessment: rated_in(LifeDomain::Health),
        legal_assessment: rated_in(LifeDomain::Legal),
        assessment: Some(rated.into_iter().filter(|rating| !special(rating)).collect()),
        goals: Some(open_goals(connection, case)?),
    };
    Ok(all.only(|field| fields.contains(&field)))
}

fn last_ratings(connection: &mut Connection, case: &CaseRow) -> ApiResult<Vec<PackageRating>> {
    let assessments = AssessmentRow::all_of(connection, case.id, i64::MAX)?;
    let completed = assessments.iter().filter(|row| row.status == AssessmentStatus::Completed);
    let Some(last) = completed.max_by_key(|row| (row.assessed_on, row.id)) else { return Ok(Vec::new()) };
    let ratings = last.ratings()?.into_iter();
    Ok(ratings
        .map(|rating| PackageRating { domain: rating.domain, need: rating.need, strength: rating.strength })
        .collect())
}

fn safe_contacts(connection: &mut Connection, person: &PersonRow) -> ApiResult<Vec<PackageContact>> {
    // What is not safe to use travels only where it is said how it is.
    let safe = |contact: &Contact| contact.safe_to_contact || contact.safety_note.is_some();
    let contacts = Contact::all_of(connection, person.id, 200)?.into_iter().filter(safe);
    Ok(contacts
        .map(|Contact { kind, value, label, safety_note, .. }| PackageContact { kind, value, label, safety_note })
        .collect())
}

fn status_today(
    connection: &mut Connection,
    person: &PersonRow,
    today: NaiveDate,
) -> ApiResult<Option<PackageLegalStatus>> {
    // That somebody is without papers never travels: a body that learns of it may have to report it (§ 87 AufenthG).
    let holds = |row: &LegalStatusRow| {
        row.status != DocumentStatus::EnteredInError
            && row.category != legal_statuses::RESTRICTED
            && row.valid_from <= today
            && row.valid_to.is_none_or(|end| end > today)
    };
    let row = LegalStatusRow::all_of(connection, person.id, i64::MAX)?.into_iter().find(holds);
    Ok(row.map(|LegalStatusRow { category, status, valid_from, valid_to, .. }| PackageLegalStatus {
        category,
        status,
        valid_from,
        valid_to,
    }))
}

fn open_goals(connection: &mut Connection, case: &CaseRow) -> ApiResult<Vec<PackageGoal>> {
    let open: Vec<Goal> = goals::table
        .filter(goals::case_id.eq(case.id))
        .filter(goals::status.eq(GoalStatus::Open))
        .order(goals::id)
        .limit(200)
        .load(connection)?;
    Ok(open
        .into_iter()
        .map(|Goal { life_domain, title, target_on, .. }| PackageGoal { life_domain, title, target_on })
        .collect())
}
