//! A person: the row, and what answers show of it. What requests say is in `requests`.

use approdo_db::schema::people;
use approdo_db::{Json, Timestamp, define_id};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::rights::{Confinement, FieldRights};
use crate::access::{FieldGroup, OrganisationId, Place, Resource, TerritoryId};
use crate::aggregate::Root;
use crate::cases::news;
use crate::error::ApiResult;
use crate::external_ids::{self, ExternalId};
use crate::http::Reader;
use crate::http::texts::{CountryCode, LanguageCode, MemberName};
use crate::page_of;
use crate::people::processing::Processing;
use crate::people::queries;
use crate::work::Unit;

define_id! {
    /// The id of a person.
    #[derive(ToSchema)]
    PersonId;
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, Serialize)]
#[diesel(table_name = people, treat_none_as_default_value = false)]
pub struct PersonRow {
    pub id: PersonId,
    pub owner_org_id: OrganisationId,
    pub territory_id: TerritoryId,
    pub target_group: Option<String>,
    pub given_name: String,
    pub family_name: String,
    pub date_of_birth: Option<NaiveDate>,
    pub sex: Option<String>,
    pub tax_code: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub citizenships: Json,
    pub languages: Json,
    pub health_needs: Option<String>,
    pub notes: Option<String>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub processing: Processing,
    /// What is left of an erased date of birth.
    pub age_band: Option<String>,
    pub given_name_latin: Option<String>,
    pub family_name_latin: Option<String>,
    pub interpreter_needed: bool,
    pub interpreter_language: Option<String>,
    pub external_ids: Json,
}

impl PersonRow {
    /// Whatever the person is found by.
    pub fn names(&self) -> String {
        let latin = [&self.given_name_latin, &self.family_name_latin].into_iter().flatten();
        [&self.given_name, &self.family_name].into_iter().chain(latin).map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    pub fn place(&self) -> Place {
        Place {
            owner_org: self.owner_org_id,
            territory: Some(self.territory_id),
            target_group: self.target_group.clone(),
            confinement: Confinement::Open,
        }
    }
}

impl Root for PersonRow {
    type Id = PersonId;
    const RESOURCE: Resource = Resource::People;

    fn id(&self) -> PersonId {
        self.id
    }

    fn place(&self) -> Place {
        self.place()
    }

    fn find(reader: &mut Reader<'_>, id: PersonId) -> ApiResult<Self> {
        queries::find(reader, id)
    }

    fn lock(unit: &mut Unit<'_>, id: PersonId) -> ApiResult<Self> {
        queries::lock(unit, id)
    }

    fn about(&self) -> Option<uuid::Uuid> {
        Some(self.id.0)
    }

    fn require_workable(&self) -> ApiResult<()> {
        self.processing.require_workable()
    }

    fn announce(&self, unit: &mut Unit<'_>) -> ApiResult<()> {
        news::of_person(unit, self.id)
    }
}

/// The members a field group guards, with the group. What is not here is open to whoever may read the person.
pub const GUARDED: [(&str, FieldGroup); 16] = [
    ("given_name", FieldGroup::Identity),
    ("family_name", FieldGroup::Identity),
    ("given_name_latin", FieldGroup::Identity),
    ("family_name_latin", FieldGroup::Identity),
    ("date_of_birth", FieldGroup::Identity),
    ("sex", FieldGroup::Identity),
    ("tax_code", FieldGroup::Identity),
    ("email", FieldGroup::Identity),
    ("phone", FieldGroup::Identity),
    ("languages", FieldGroup::Identity),
    ("interpreter_needed", FieldGroup::Identity),
    ("interpreter_language", FieldGroup::Identity),
    ("external_ids", FieldGroup::Identity),
    ("citizenships", FieldGroup::Legal),
    ("health_needs", FieldGroup::Health),
    ("notes", FieldGroup::Notes),
];

/// Members that `fields` can name.
pub const MEMBERS: [&str; 24] = [
    "id",
    "owner_org_id",
    "territory_id",
    "target_group",
    "given_name",
    "family_name",
    "given_name_latin",
    "family_name_latin",
    "date_of_birth",
    "sex",
    "tax_code",
    "email",
    "phone",
    "citizenships",
    "languages",
    "interpreter_needed",
    "interpreter_language",
    "external_ids",
    "health_needs",
    "notes",
    "processing",
    "version",
    "created_at",
    "updated_at",
];

/// A person, as far as the caller may see.
#[derive(Debug, Serialize, ToSchema)]
pub struct Person {
    pub id: PersonId,
    /// The organisation responsible for the record.
    pub owner_org_id: OrganisationId,
    pub territory_id: TerritoryId,
    /// A code of `target_groups`; absent until known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 40)]
    pub target_group: Option<String>,
    /// As written in the person's documents, in any script.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub given_name: Option<String>,
    /// As written in the person's documents, in any script.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub family_name: Option<String>,
    /// In Latin letters as an authority writes it: the passport's machine-readable zone (ICAO Doc 9303, part 3, section 6).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub given_name_latin: Option<String>,
    /// In Latin letters as an authority writes it: the passport's machine-readable zone (ICAO Doc 9303, part 3, section 6).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub family_name_latin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub date_of_birth: Option<NaiveDate>,
    /// A code of `sexes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 40)]
    pub sex: Option<String>,
    /// Italian `codice fiscale` or the like; never in an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 32)]
    pub tax_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 254, format = "email")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 40)]
    pub phone: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<CountryCode>, nullable = false, required = false, max_items = 10)]
    pub citizenships: Option<Vec<String>>,
    /// ISO 639-1, the best spoken first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<LanguageCode>, nullable = false, required = false, max_items = 20)]
    pub languages: Option<Vec<String>>,
    /// Whether talks with the person need an interpreter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, required = false)]
    pub interpreter_needed: Option<bool>,
    /// The language to interpret into (ISO 639-1); the first of `languages` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 2, max_length = 2, pattern = "^[a-z]{2}$")]
    pub interpreter_language: Option<String>,
    /// What services must take into account (GDPR art. 9).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 4000)]
    pub health_needs: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 4000)]
    pub notes: Option<String>,
    /// Whether the person's data may be worked with.
    pub processing: Processing,
    /// What the person is called in other systems.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, required = false, max_items = 20)]
    pub external_ids: Option<Vec<ExternalId>>,
    /// Members your grants hide on this person, whether or not they have a value.
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
}

/// Something worth a look, where the product warns and never blocks.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Warning {
    #[schema(max_length = 60)]
    pub code: &'static str,
    /// The member it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 200)]
    pub pointer: Option<&'static str>,
    #[schema(max_length = 500)]
    pub detail: String,
}

/// The members of `guarded` that these rights hide.
pub fn withheld(guarded: &[(&'static str, FieldGroup)], rights: FieldRights) -> Vec<&'static str> {
    guarded.iter().filter(|(_, group)| !rights.reads(*group)).map(|(name, _)| *name).collect()
}

impl Person {
    /// The person as these rights show it.
    pub fn shown(row: PersonRow, rights: FieldRights) -> Self {
        let (identity, legal) = (rights.reads(FieldGroup::Identity), rights.reads(FieldGroup::Legal));
        let list = |json: Json| -> Vec<String> { json.read().unwrap_or_default() };
        Self {
            id: row.id,
            owner_org_id: row.owner_org_id,
            territory_id: row.territory_id,
            target_group: row.target_group,
            given_name: Some(row.given_name).filter(|_| identity),
            family_name: Some(row.family_name).filter(|_| identity),
            given_name_latin: row.given_name_latin.filter(|_| identity),
            family_name_latin: row.family_name_latin.filter(|_| identity),
            date_of_birth: row.date_of_birth.filter(|_| identity),
            sex: row.sex.filter(|_| identity),
            tax_code: row.tax_code.filter(|_| identity),
            email: row.email.filter(|_| identity),
            phone: row.phone.filter(|_| identity),
            citizenships: Some(list(row.citizenships)).filter(|_| legal),
            languages: Some(list(row.languages)).filter(|_| identity),
            interpreter_needed: Some(row.interpreter_needed).filter(|_| identity),
            interpreter_language: row.interpreter_language.filter(|_| identity),
            health_needs: row.health_needs.filter(|_| rights.reads(FieldGroup::Health)),
            notes: row.notes.filter(|_| rights.reads(FieldGroup::Notes)),
            processing: row.processing,
            external_ids: Some(external_ids::of(&row.external_ids)).filter(|_| identity),
            withheld_fields: withheld(&GUARDED, rights),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            warnings: Vec::new(),
        }
    }
}

page_of! {
    /// A page of people.
    PersonPage of Person
}
