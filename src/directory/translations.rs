//! What services say in other languages (domain 17): text by text, each as far as it can be relied on. A translation whose original has
//! changed since is out of date, and shown to its translators alone.

use approdo_db::schema::{history, service_translations as translations};
use approdo_db::types::RowId;
use approdo_db::{Connection, Json, Timestamp, define_id, text_enum};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use validator::Validate;

use crate::access::OrganisationId;
use crate::directory::entries::Entry as _;
use crate::directory::services::{ServiceId, ServiceRow};
use crate::entry;
use crate::error::{ApiError, ApiResult};
use crate::http::{Checked, reading};
use crate::page_of;

define_id! {
    /// The id of a translation of a service.
    #[derive(ToSchema)]
    ServiceTranslationId;
}

text_enum! {
    /// How a translation came about.
    #[derive(ToSchema)]
    TranslationState {
        Draft = "draft",
        /// A machine made it, and nobody has read it since.
        Machine = "machine",
        /// Somebody who knows both languages has found it right.
        Reviewed = "reviewed",
    }

    /// How far a translated text can be relied on.
    #[derive(ToSchema)]
    TranslatedTextState {
        Draft = "draft",
        Machine = "machine",
        Reviewed = "reviewed",
        /// The original has changed since.
        Outdated = "outdated",
    }
}

impl From<TranslationState> for TranslatedTextState {
    fn from(state: TranslationState) -> Self {
        match state {
            TranslationState::Draft => Self::Draft,
            TranslationState::Machine => Self::Machine,
            TranslationState::Reviewed => Self::Reviewed,
        }
    }
}

/// The texts of a service that can be translated, said once for the request and for what is kept.
macro_rules! translatable {
    ($($field:ident: $most:tt,)*) => {
        /// Texts of a service in another language.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct TranslatedTexts {
            $(
                #[validate(length(min = 1, max = $most))]
                #[serde(skip_serializing_if = "Option::is_none")]
                #[schema(nullable = false, min_length = 1, max_length = $most)]
                pub $field: Option<String>,
            )*
        }

        impl TranslatedTexts {
            /// Each text there is, with its name.
            pub fn told(&self) -> Vec<(&'static str, &str)> {
                let all = [$((stringify!($field), self.$field.as_deref())),*];
                all.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
            }

            /// The texts that a service had: as its row is kept, and in the history.
            fn of_row(row: &Value) -> Self {
                let text = |name: &str| {
                    let text = row.get(name).or_else(|| row.get("details")?.get(name));
                    text.and_then(Value::as_str).map(str::to_owned)
                };
                Self { $($field: text(stringify!($field)),)* }
            }

            /// Only those that another one has as well.
            fn limited_to(self, other: &Self) -> Self {
                Self { $($field: self.$field.filter(|_| other.$field.is_some()),)* }
            }
        }
    };
}

translatable! {
    name: 200,
    alternate_name: 200,
    description: 10_000,
    interpretation_services: 1000,
    application_process: 4000,
    fees_description: 2000,
    wait_time: 500,
    eligibility_description: 4000,
    alert: 1000,
}

/// The row.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = translations, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct ServiceTranslationRow {
    pub id: ServiceTranslationId,
    pub service_id: ServiceId,
    /// The service's, which never changes.
    pub organisation_id: OrganisationId,
    pub language: String,
    pub fields: Json,
    /// The texts of which these are translations.
    pub source: Json,
    pub state: TranslationState,
    pub source_version: i64,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

entry!(
    ServiceTranslationRow,
    ServiceTranslationId,
    translations,
    organisation_id,
    "service_translation",
    ServiceTranslations
);

/// A text in another language.
#[derive(Debug, Serialize, ToSchema)]
pub struct TranslatedText {
    /// The member of the service.
    #[schema(max_length = 40, example = "name")]
    pub field: &'static str,
    #[schema(max_length = 10_000)]
    pub text: String,
    pub state: TranslatedTextState,
}

/// A service in another language.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServiceTranslation {
    pub service_id: ServiceId,
    /// ISO 639-1, or ISO 639-3 where that has none.
    #[schema(min_length = 2, max_length = 3, pattern = "^[a-z]{2,3}$")]
    pub language: String,
    /// How it came about.
    pub state: TranslationState,
    /// The version of the service that was translated.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub source_version: i64,
    /// Each text, with how far it can be relied on today.
    #[schema(max_items = 20)]
    pub texts: Vec<TranslatedText>,
    /// Rises with every change of the translation.
    #[schema(minimum = 1, maximum = 9007199254740991_i64)]
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

page_of! {
    /// A page of translations.
    ServiceTranslationPage of ServiceTranslation
}

/// A translation to keep.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"fields": {"name": "Італійська для новоприбулих"}, "state": "reviewed"}))]
pub struct NewServiceTranslation {
    /// The texts that are translated. Those that are left out are told in the original.
    #[validate(nested)]
    pub fields: TranslatedTexts,
    pub state: TranslationState,
    /// The version of the service that was translated; the present one when absent.
    #[validate(range(min = 1, max = 9_007_199_254_740_991_i64))]
    #[serde(default, deserialize_with = "reading::optional_whole")]
    #[schema(nullable = false, minimum = 1, maximum = 9007199254740991_i64)]
    pub source_version: Option<i64>,
}

impl Checked for NewServiceTranslation {}

impl ServiceTranslationRow {
    pub fn fields(&self) -> ApiResult<TranslatedTexts> {
        self.fields.read().map_err(ApiError::fault)
    }

    fn source(&self) -> ApiResult<TranslatedTexts> {
        self.source.read().map_err(ApiError::fault)
    }

    /// Each text with how far it can be relied on, the service being as it is.
    fn texts(&self, service: &ServiceRow) -> ApiResult<Vec<TranslatedText>> {
        let (fields, source, present) = (self.fields()?, self.source()?, present(service)?);
        let (source, present) = (source.told(), present.told());
        let of = |texts: &[(&'static str, &str)], name: &str| {
            texts.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned())
        };
        let texts = fields.told().into_iter().map(|(field, text)| {
            let state = if of(&source, field) == of(&present, field) {
                self.state.into()
            } else {
                TranslatedTextState::Outdated
            };
            TranslatedText { field, text: text.to_owned(), state }
        });
        Ok(texts.collect())
    }

    pub fn shown(self, service: &ServiceRow) -> ApiResult<ServiceTranslation> {
        Ok(ServiceTranslation {
            texts: self.texts(service)?,
            service_id: self.service_id,
            language: self.language,
            state: self.state,
            source_version: self.source_version,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }

    /// Puts what was reviewed, and is not out of date, in the place of the original. Tells whether anything was.
    pub fn put_into(&self, service: &mut ServiceRow) -> ApiResult<bool> {
        let texts = self.texts(service)?;
        let reviewed = texts.into_iter().filter(|text| text.state == TranslatedTextState::Reviewed);
        let mut any = false;
        for TranslatedText { field, text, .. } in reviewed {
            any = true;
            match service.details.0.as_object_mut() {
                Some(details) if field != "name" => drop(details.insert(field.to_owned(), text.into())),
                _ => service.name = text,
            }
        }
        Ok(any)
    }
}

/// The texts of a service as it is.
pub fn present(service: &ServiceRow) -> ApiResult<TranslatedTexts> {
    Ok(TranslatedTexts::of_row(&serde_json::to_value(service).map_err(ApiError::fault)?))
}

/// The texts that a translation of some of them was made of; 422 where the service had no such version.
pub fn source(
    connection: &mut Connection,
    service: &ServiceRow,
    version: i64,
    fields: &TranslatedTexts,
) -> ApiResult<TranslatedTexts> {
    let whole = if version == service.version {
        Some(present(service)?)
    } else {
        let kept: Option<Json> = history::table
            .filter(history::resource_id.eq(RowId(service.id.0)))
            .filter(history::resource.eq(ServiceRow::KIND))
            .filter(history::version.eq(version))
            .select(history::field_values)
            .first(connection)
            .optional()?;
        kept.map(|row| TranslatedTexts::of_row(&row.0))
    };
    let whole = whole.ok_or_else(|| ApiError::invalid_member("source_version", "is no version of the service"))?;
    Ok(whole.limited_to(fields))
}

/// The translation of a service into a language, if there is one.
pub fn into_language(
    connection: &mut Connection,
    service: ServiceId,
    language: &str,
) -> QueryResult<Option<ServiceTranslationRow>> {
    translations::table
        .filter(translations::service_id.eq(service))
        .filter(translations::language.eq(language))
        .first(connection)
        .optional()
}

/// What was reviewed of services in the language that a request prefers.
pub fn reviewed(
    connection: &mut Connection,
    rows: &[ServiceRow],
    preferred: Option<&str>,
) -> QueryResult<Vec<ServiceTranslationRow>> {
    let Some(language) = preferred else { return Ok(Vec::new()) };
    let ids: Vec<ServiceId> = rows.iter().map(|row| row.id).collect();
    translations::table
        .filter(translations::service_id.eq_any(ids))
        .filter(translations::language.eq(language))
        .filter(translations::state.eq(TranslationState::Reviewed))
        .load(connection)
}
