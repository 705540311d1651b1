//! Services as the directory describes them, under the names of the Human Services Data Specification (HSDS 3.0), and what a
//! municipality's integration management adds: standard types, who provides them, for whom by rule (domain 17, 18, K1, K2).

use approdo_db::schema::services;
use approdo_db::{Json, Timestamp, define_id, text_enum};
use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use crate::access::OrganisationId;
use crate::directory::capacities::ServiceCapacity;
use crate::directory::eligibility::{Eligibility, EligibilityPatch};
use crate::directory::parts::{
    CostOption, DirectoryContact, Funding, Phone, RequiredDocument, Schedule, ServiceArea, SpokenLanguage,
};
use crate::directory::programs::ProgramId;
use crate::entry;
use crate::error::{ApiError, ApiResult};
use crate::http::links::web_address;
use crate::http::patch::Edit;
use crate::http::{Checked, Patch, reading};
use crate::names;
use crate::page_of;

define_id! {
    /// The id of a service.
    #[derive(ToSchema)]
    ServiceId;
}

text_enum! {
    /// Whether a service is there (HSDS).
    #[derive(ToSchema)]
    ServiceStatus {
        Active = "active",
        Inactive = "inactive",
        /// It will not come back.
        Defunct = "defunct",
        TemporarilyClosed = "temporarily_closed",
    }

    /// Whether the administration gives a service itself (domain K1).
    #[derive(ToSchema)]
    ProviderKind {
        Internal = "internal",
        External = "external",
    }

    /// How far an entry can be relied on.
    #[derive(ToSchema)]
    Freshness {
        /// Verified within 180 days.
        Fresh = "fresh",
        /// Verified within a year.
        Ageing = "ageing",
        /// Verified longer ago, or never.
        Stale = "stale",
    }
}

/// Days after a verification until an entry is ageing, and until it is stale.
const FRESH_DAYS: i64 = 180;
const AGEING_DAYS: i64 = 365;

impl Freshness {
    /// How far what was verified on a day can be relied on today.
    pub fn of(verified_on: Option<NaiveDate>, today: NaiveDate) -> Self {
        match verified_on.map(|day| today - day) {
            Some(age) if age <= TimeDelta::days(FRESH_DAYS) => Self::Fresh,
            Some(age) if age <= TimeDelta::days(AGEING_DAYS) => Self::Ageing,
            _ => Self::Stale,
        }
    }

    /// The first and the last day of a verification that is so today; without a first day, those never verified as well.
    pub fn days(self, today: NaiveDate) -> (Option<NaiveDate>, Option<NaiveDate>) {
        let back = |days: i64| today.checked_sub_signed(TimeDelta::days(days));
        match self {
            Self::Fresh => (back(FRESH_DAYS), None),
            Self::Ageing => (back(AGEING_DAYS), back(FRESH_DAYS + 1)),
            Self::Stale => (None, back(AGEING_DAYS + 1)),
        }
    }
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = services, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct ServiceRow {
    pub id: ServiceId,
    pub organisation_id: OrganisationId,
    pub name: String,
    pub status: ServiceStatus,
    pub service_type: String,
    pub provider_kind: ProviderKind,
    pub regular_structure: bool,
    pub minimum_age: Option<i64>,
    pub maximum_age: Option<i64>,
    pub eligibility: Json,
    pub details: Json,
    /// The folded words of the public texts, each between two blanks, and the target groups, each led by `#`.
    pub search_text: String,
    pub verified_on: Option<NaiveDate>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub program_id: Option<ProgramId>,
}

entry!(ServiceRow, ServiceId, services, organisation_id, "service", Services);

impl ServiceRow {
    pub fn eligibility(&self) -> ApiResult<Eligibility> {
        self.eligibility.read().map_err(ApiError::fault)
    }

    pub fn details(&self) -> ApiResult<ServiceDetails> {
        self.details.read().map_err(ApiError::fault)
    }
}

page_of! {
    /// A page of services.
    ServicePage of Service
}

/// The requests, the answer and the kept document of a service: what it is described with is said once, and given to all four.
macro_rules! described {
    (
        texts { $($(#[$of_text:meta])* $text:ident: $most_characters:tt,)* }
        lists { $($(#[$of_list:meta])* $list:ident: $item:ident, $most_items:tt,)* }
    ) => {
        /// What is told of a service and never asked for.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        pub struct ServiceDetails {
            #[serde(skip_serializing_if = "Option::is_none")]
            pub url: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            pub email: Option<String>,
            $(#[serde(skip_serializing_if = "Option::is_none")] pub $text: Option<String>,)*
            $(#[serde(default)] pub $list: Vec<$item>,)*
        }

        /// A service of the directory.
        #[derive(Debug, Serialize, ToSchema)]
        pub struct Service {
            pub id: ServiceId,
            /// Who provides it.
            pub organisation_id: OrganisationId,
            /// The program of that organisation that it is part of.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[schema(nullable = false)]
            pub program_id: Option<ProgramId>,
            #[schema(min_length = 1, max_length = 200)]
            pub name: String,
            pub status: ServiceStatus,
            /// A code of `service_types`.
            #[schema(max_length = 40)]
            pub service_type: String,
            pub provider_kind: ProviderKind,
            /// Whether it is for everyone alike, not for migrants alone (domain K2).
            pub regular_structure: bool,
            /// In years, inclusive.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[schema(nullable = false, minimum = 0, maximum = 150)]
            pub minimum_age: Option<i64>,
            /// In years, inclusive.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[schema(nullable = false, minimum = 0, maximum = 150)]
            pub maximum_age: Option<i64>,
            pub eligibility: Eligibility,
            #[serde(skip_serializing_if = "Option::is_none")]
            #[schema(nullable = false, max_length = 2048, format = "uri")]
            pub url: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            #[schema(nullable = false, max_length = 254, format = "email")]
            pub email: Option<String>,
            $(
                $(#[$of_text])*
                #[serde(skip_serializing_if = "Option::is_none")]
                #[schema(nullable = false, max_length = $most_characters)]
                pub $text: Option<String>,
            )*
            $($(#[$of_list])* #[schema(max_items = $most_items)] pub $list: Vec<$item>,)*
            /// When somebody last found out that all this is right.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[schema(nullable = false)]
            pub verified_on: Option<NaiveDate>,
            pub freshness: Freshness,
            /// How much room it has; absent until its provider says so.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[schema(nullable = false)]
            pub capacity: Option<ServiceCapacity>,
            /// Rises with every change of the service itself.
            #[schema(minimum = 1, maximum = 9007199254740991_i64)]
            pub version: i64,
            pub created_at: Timestamp,
            pub updated_at: Timestamp,
        }

        impl Service {
            /// The service as it is told today.
            pub fn shown(row: ServiceRow, capacity: Option<ServiceCapacity>, today: NaiveDate) -> ApiResult<Self> {
                let (details, eligibility) = (row.details()?, row.eligibility()?);
                Ok(Self {
                    id: row.id,
                    organisation_id: row.organisation_id,
                    program_id: row.program_id,
                    name: row.name,
                    status: row.status,
                    service_type: row.service_type,
                    provider_kind: row.provider_kind,
                    regular_structure: row.regular_structure,
                    minimum_age: row.minimum_age,
                    maximum_age: row.maximum_age,
                    eligibility,
                    url: details.url,
                    email: details.email,
                    $($text: details.$text,)*
                    $($list: details.$list,)*
                    verified_on: row.verified_on,
                    freshness: Freshness::of(row.verified_on, today),
                    capacity,
                    version: row.version,
                    created_at: row.created_at,
                    updated_at: row.updated_at,
                })
            }
        }

        /// A service to enter in the directory.
        #[derive(Debug, Deserialize, Validate, ToSchema)]
        #[serde(deny_unknown_fields)]
        #[schema(example = json!({
            "organisation_id": "01985b2e-0000-7000-8000-000000000001", "name": "Italian for newcomers, A1 to B1",
            "service_type": "language_course", "provider_kind": "internal", "minimum_age": 16,
            "eligibility": {"target_groups": ["refugee", "subsidiary_protection"]},
            "languages": [{"code": "it"}, {"code": "uk", "note": "with a mediator, on Tuesdays"}],
            "cost_options": [{"option": "everyone", "amount": {"amount": "0.00", "currency": "EUR"}}]
        }))]
        pub struct NewService {
            /// Who provides it: an organisation that you administer.
            pub organisation_id: OrganisationId,
            /// A program of that organisation.
            #[schema(nullable = false)]
            pub program_id: Option<ProgramId>,
            #[validate(length(min = 1, max = 200))]
            #[schema(min_length = 1, max_length = 200)]
            pub name: String,
            /// `active` when absent.
            #[schema(nullable = false)]
            pub status: Option<ServiceStatus>,
            /// A code of `service_types`.
            #[validate(length(min = 1, max = 40))]
            #[schema(min_length = 1, max_length = 40)]
            pub service_type: String,
            pub provider_kind: ProviderKind,
            /// Whether it is for everyone alike, not for migrants alone (domain K2).
            #[serde(default)]
            pub regular_structure: bool,
            /// In years, inclusive.
            #[validate(range(min = 0, max = 150))]
            #[serde(default, deserialize_with = "reading::optional_whole")]
            #[schema(nullable = false, minimum = 0, maximum = 150)]
            pub minimum_age: Option<i64>,
            /// In years, inclusive.
            #[validate(range(min = 0, max = 150))]
            #[serde(default, deserialize_with = "reading::optional_whole")]
            #[schema(nullable = false, minimum = 0, maximum = 150)]
            pub maximum_age: Option<i64>,
            #[validate(nested)]
            #[serde(default)]
            #[schema(required = false)]
            pub eligibility: Eligibility,
            #[validate(length(max = 2048), custom(function = "crate::http::links::web_address"))]
            #[schema(nullable = false, max_length = 2048, format = "uri", pattern = "^https?://")]
            pub url: Option<String>,
            #[validate(email, length(max = 254))]
            #[schema(nullable = false, max_length = 254, format = "email")]
            pub email: Option<String>,
            $(
                $(#[$of_text])*
                #[validate(length(min = 1, max = $most_characters))]
                #[schema(nullable = false, min_length = 1, max_length = $most_characters)]
                pub $text: Option<String>,
            )*
            $(
                $(#[$of_list])*
                #[validate(length(max = $most_items), nested)]
                #[serde(default)]
                #[schema(required = false, max_items = $most_items)]
                pub $list: Vec<$item>,
            )*
        }

        impl Checked for NewService {}

        impl NewService {
            /// What is kept in the document.
            pub fn details(&mut self) -> ServiceDetails {
                ServiceDetails {
                    url: self.url.take(),
                    email: self.email.take(),
                    $($text: self.$text.take(),)*
                    $($list: std::mem::take(&mut self.$list),)*
                }
            }
        }

        /// What of a service can be edited. Its organisation stays.
        #[derive(Debug, Default, Deserialize, Validate, ToSchema)]
        #[serde(deny_unknown_fields)]
        #[schema(example = json!({"status": "temporarily_closed", "alert": "Closed until 7 January."}))]
        pub struct ServicePatch {
            /// A program of the service's organisation.
            #[schema(required = false, value_type = Option<ProgramId>)]
            #[serde(default)]
            pub program_id: Patch<ProgramId>,
            #[schema(required = false, value_type = String, min_length = 1, max_length = 200)]
            #[serde(default)]
            pub name: Patch<String>,
            #[schema(required = false, value_type = ServiceStatus)]
            #[serde(default)]
            pub status: Patch<ServiceStatus>,
            /// A code of `service_types`.
            #[schema(required = false, value_type = String, min_length = 1, max_length = 40)]
            #[serde(default)]
            pub service_type: Patch<String>,
            #[schema(required = false, value_type = ProviderKind)]
            #[serde(default)]
            pub provider_kind: Patch<ProviderKind>,
            #[schema(required = false, value_type = bool)]
            #[serde(default)]
            pub regular_structure: Patch<bool>,
            #[schema(required = false, value_type = Option<i64>, minimum = 0, maximum = 150)]
            #[serde(default, deserialize_with = "reading::patched_whole")]
            pub minimum_age: Patch<i64>,
            #[schema(required = false, value_type = Option<i64>, minimum = 0, maximum = 150)]
            #[serde(default, deserialize_with = "reading::patched_whole")]
            pub maximum_age: Patch<i64>,
            #[schema(required = false, value_type = EligibilityPatch)]
            #[serde(default)]
            pub eligibility: Patch<EligibilityPatch>,
            #[schema(required = false, value_type = Option<String>, max_length = 2048, format = "uri", pattern = "^https?://")]
            #[serde(default)]
            pub url: Patch<String>,
            #[schema(required = false, value_type = Option<String>, max_length = 254, format = "email")]
            #[serde(default)]
            pub email: Patch<String>,
            $(
                $(#[$of_text])*
                #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = $most_characters)]
                #[serde(default)]
                pub $text: Patch<String>,
            )*
            $(
                $(#[$of_list])*
                #[schema(required = false, value_type = Vec<$item>, max_items = $most_items)]
                #[serde(default)]
                pub $list: Patch<Vec<$item>>,
            )*
        }

        impl Checked for ServicePatch {
            const MEDIA_TYPE: &'static str = "application/merge-patch+json";
        }

        /// The members that a creation records as changed.
        pub const MEMBERS: &[&str] = &[
            "organisation_id", "program_id", "name", "status", "service_type", "provider_kind", "regular_structure", "minimum_age",
            "maximum_age", "eligibility", "url", "email", $(stringify!($text),)* $(stringify!($list),)*
        ];

        fn describe(details: &mut ServiceDetails, edit: &mut Edit, patch: ServicePatch) {
            $(edit.bounded(stringify!($text), &patch.$text, $most_characters);)*
            $(edit.items(stringify!($list), &patch.$list, $most_items);)*
            edit.link("url", &patch.url, web_address);
            edit.email("email", &patch.email);
            edit.optional("url", &mut details.url, patch.url);
            edit.optional("email", &mut details.email, patch.email);
            $(edit.optional(stringify!($text), &mut details.$text, patch.$text);)*
            $(edit.required(stringify!($list), &mut details.$list, patch.$list);)*
        }
    };
}

described! {
    texts {
        alternate_name: 200,
        description: 10_000,
        /// What help with languages there is.
        interpretation_services: 1000,
        /// How one gets in.
        application_process: 4000,
        fees_description: 2000,
        /// How long one waits, in words.
        wait_time: 500,
        accreditations: 1000,
        licenses: 1000,
        /// For whom it is, in words; the rules are in `eligibility`.
        eligibility_description: 4000,
        /// What one should know before going.
        alert: 1000,
    }
    lists {
        phones: Phone, 20,
        schedules: Schedule, 50,
        /// Where it is offered to residents.
        service_areas: ServiceArea, 50,
        languages: SpokenLanguage, 50,
        funding: Funding, 20,
        cost_options: CostOption, 20,
        required_documents: RequiredDocument, 50,
        contacts: DirectoryContact, 20,
    }
}

/// The folded words that a service is found by, each between two blanks, and its target groups, each led by `#`.
pub fn search_text(name: &str, details: &ServiceDetails, eligibility: &Eligibility) -> String {
    let texts = [&details.alternate_name, &details.description, &details.eligibility_description];
    let whole = texts.into_iter().flatten().fold(name.to_owned(), |whole, text| whole + " " + text);
    let groups: String = eligibility.target_groups.iter().map(|group| format!(" #{group}")).collect();
    format!(" {}{groups} ", names::words(&whole).join(" "))
}

/// 422 where the lowest age lies above the highest.
pub fn check_ages(minimum: Option<i64>, maximum: Option<i64>) -> ApiResult<()> {
    match (minimum, maximum) {
        (Some(minimum), Some(maximum)) if minimum > maximum => {
            Err(ApiError::invalid_member("maximum_age", "must not lie below minimum_age"))
        }
        _ => Ok(()),
    }
}

/// Applies a patch to a locked service; the names of the members that changed.
pub fn apply(row: &mut ServiceRow, mut patch: ServicePatch) -> ApiResult<Vec<&'static str>> {
    let mut edit = Edit::default();
    edit.bounded("name", &patch.name, 200);
    edit.lies_within("minimum_age", &patch.minimum_age, 0..=150);
    edit.lies_within("maximum_age", &patch.maximum_age, 0..=150);
    let mut details = row.details()?;
    edit.required("name", &mut row.name, std::mem::take(&mut patch.name));
    edit.optional("program_id", &mut row.program_id, std::mem::take(&mut patch.program_id));
    edit.required("status", &mut row.status, std::mem::take(&mut patch.status));
    edit.required("service_type", &mut row.service_type, std::mem::take(&mut patch.service_type));
    edit.required("provider_kind", &mut row.provider_kind, std::mem::take(&mut patch.provider_kind));
    edit.required("regular_structure", &mut row.regular_structure, std::mem::take(&mut patch.regular_structure));
    edit.optional("minimum_age", &mut row.minimum_age, std::mem::take(&mut patch.minimum_age));
    edit.optional("maximum_age", &mut row.maximum_age, std::mem::take(&mut patch.maximum_age));
    let mut eligibility = row.eligibility()?;
    match std::mem::take(&mut patch.eligibility) {
        Patch::Keep => {}
        Patch::Remove => edit.refuse("eligibility", "is required and cannot be removed"),
        Patch::Set(patch) => eligibility.patch(&mut edit, patch),
    }
    describe(&mut details, &mut edit, patch);
    let mut changed = edit.finish()?;
    check_ages(row.minimum_age, row.maximum_age)?;
    changed.iter_mut().filter(|name| name.starts_with("eligibility/")).for_each(|name| *name = "eligibility");
    changed.dedup();
    row.search_text = search_text(&row.name, &details, &eligibility);
    row.eligibility = Json::of(eligibility);
    row.details = Json::of(details);
    Ok(changed)
}
