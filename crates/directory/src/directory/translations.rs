//! What entries of the directory say in other languages (domain 17): text by text, each as far as it can be relied on. A translation whose
//! original has changed since is out of date, and shown to its translators alone.

use std::collections::HashMap;

use actix_web::http::header;
use approdo_db::schema::{history, translations};
use approdo_db::types::RowId;
use approdo_db::{Connection, Json, Timestamp, define_id, text_enum};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::access::OrganisationId;
use crate::directory::locations::LocationRow;
use crate::directory::organisations::OrganisationRow;
use crate::directory::programs::Program;
use crate::directory::services::ServiceRow;
use crate::entries::Entry;
use crate::entry;
use crate::error::{ApiError, ApiResult};
use crate::http::{Answer, Checked, Reader, reading};
use crate::page_of;

define_id! {
    /// The id of a translation.
    #[derive(ToSchema)]
    TranslationId;

    /// The id of a service, a program, a location or an organisation.
    #[derive(ToSchema)]
    TranslatedEntryId;
}

text_enum! {
    /// What is translated.
    #[derive(ToSchema)]
    TranslatedEntry {
        Service = "service",
        Program = "program",
        Location = "location",
        Organisation = "organisation",
    }

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

/// An entry of the directory whose texts are translated: those members of `TranslatedTexts` that it has, in its row or its document.
pub trait Translatable: Entry + Clone {
    const KIND_OF_ENTRY: TranslatedEntry;

    /// Puts a text in the place of the original.
    fn say(&mut self, field: &'static str, text: String);
}

/// What is told in the document of an entry, apart from its name.
fn say_in(details: &mut Json, field: &'static str, text: String) {
    let mut told = details.value();
    if let Some(members) = told.as_object_mut() {
        members.insert(field.to_owned(), text.into());
        *details = Json::of(told);
    }
}

impl Translatable for ServiceRow {
    const KIND_OF_ENTRY: TranslatedEntry = TranslatedEntry::Service;

    fn say(&mut self, field: &'static str, text: String) {
        match field {
            "name" => self.name = text,
            field => say_in(&mut self.details, field, text),
        }
    }
}

impl Translatable for OrganisationRow {
    const KIND_OF_ENTRY: TranslatedEntry = TranslatedEntry::Organisation;

    fn say(&mut self, field: &'static str, text: String) {
        match field {
            "name" => self.name = text,
            field => say_in(&mut self.details, field, text),
        }
    }
}

impl Translatable for LocationRow {
    const KIND_OF_ENTRY: TranslatedEntry = TranslatedEntry::Location;

    fn say(&mut self, field: &'static str, text: String) {
        match field {
            "name" => self.name = Some(text),
            field => say_in(&mut self.details, field, text),
        }
    }
}

impl Translatable for Program {
    const KIND_OF_ENTRY: TranslatedEntry = TranslatedEntry::Program;

    fn say(&mut self, field: &'static str, text: String) {
        match field {
            "name" => self.name = text,
            "alternate_name" => self.alternate_name = Some(text),
            _ => self.description = Some(text),
        }
    }
}

/// The texts that can be translated, said once for the request and for what is kept.
macro_rules! translatable {
    ($($field:ident: $most:tt,)*) => {
        /// Texts in another language: of an entry, those that it has.
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

            /// The texts that an entry had: as its row is kept, and in the history.
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
    transportation: 1000,
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
pub struct TranslationRow {
    pub id: TranslationId,
    pub entry_kind: TranslatedEntry,
    pub entry_id: TranslatedEntryId,
    /// The entry's, which never changes.
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

entry!(TranslationRow, TranslationId, translations, organisation_id, "translation", Translations);

/// A text in another language.
#[derive(Debug, Serialize, ToSchema)]
pub struct TranslatedText {
    /// The member of the entry.
    #[schema(max_length = 40, example = "name")]
    pub field: &'static str,
    #[schema(max_length = 10_000)]
    pub text: String,
    pub state: TranslatedTextState,
}

/// An entry of the directory in another language.
#[derive(Debug, Serialize, ToSchema)]
pub struct Translation {
    pub entry_kind: TranslatedEntry,
    pub entry_id: TranslatedEntryId,
    /// ISO 639-1, or ISO 639-3 where that has none.
    #[schema(min_length = 2, max_length = 3, pattern = "^[a-z]{2,3}$")]
    pub language: String,
    /// How it came about.
    pub state: TranslationState,
    /// The version of the entry that was translated.
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
    TranslationPage of Translation
}

/// A translation to keep.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"fields": {"name": "Італійська для новоприбулих"}, "state": "reviewed"}))]
pub struct NewTranslation {
    /// The texts that are translated. Those that are left out are told in the original.
    #[validate(nested)]
    pub fields: TranslatedTexts,
    pub state: TranslationState,
    /// The version of the entry that was translated; the present one when absent.
    #[validate(range(min = 1, max = 9_007_199_254_740_991_i64))]
    #[serde(default, deserialize_with = "reading::optional_whole")]
    #[schema(nullable = false, minimum = 1, maximum = 9007199254740991_i64)]
    pub source_version: Option<i64>,
}

impl Checked for NewTranslation {}

impl TranslationRow {
    pub fn fields(&self) -> ApiResult<TranslatedTexts> {
        self.fields.read().map_err(ApiError::fault)
    }

    fn source(&self) -> ApiResult<TranslatedTexts> {
        self.source.read().map_err(ApiError::fault)
    }

    /// Each text with how far it can be relied on, the entry being as it is.
    fn texts(&self, entry: &impl Translatable) -> ApiResult<Vec<TranslatedText>> {
        let (fields, source, present) = (self.fields()?, self.source()?, present(entry)?);
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

    pub fn shown(self, entry: &impl Translatable) -> ApiResult<Translation> {
        Ok(Translation {
            texts: self.texts(entry)?,
            entry_kind: self.entry_kind,
            entry_id: self.entry_id,
            language: self.language,
            state: self.state,
            source_version: self.source_version,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }

    /// Puts what was reviewed, and is not out of date, in the place of the original. Tells whether anything was.
    pub fn put_into(&self, entry: &mut impl Translatable) -> ApiResult<bool> {
        let texts = self.texts(entry)?;
        let reviewed = texts.into_iter().filter(|text| text.state == TranslatedTextState::Reviewed);
        let mut any = false;
        for TranslatedText { field, text, .. } in reviewed {
            any = true;
            entry.say(field, text);
        }
        Ok(any)
    }
}

/// The texts of an entry as it is.
fn present(entry: &impl Translatable) -> ApiResult<TranslatedTexts> {
    Ok(TranslatedTexts::of_row(&serde_json::to_value(entry).map_err(ApiError::fault)?))
}

/// The texts that a translation of some of them was made of; 422 where the entry had no such version.
pub fn source<E: Translatable>(
    connection: &mut Connection,
    entry: &E,
    version: i64,
    fields: &TranslatedTexts,
) -> ApiResult<TranslatedTexts> {
    let (id, current) = entry.identity();
    let whole = if version == current {
        Some(present(entry)?)
    } else {
        let kept: Option<Json> = history::table
            .filter(history::resource_id.eq(RowId(id)))
            .filter(history::resource.eq(E::KIND))
            .filter(history::version.eq(version))
            .select(history::field_values)
            .first(connection)
            .optional()?;
        kept.map(|row| TranslatedTexts::of_row(&row.value()))
    };
    let whole = whole.ok_or_else(|| ApiError::invalid_member("source_version", "is no version of the original"))?;
    Ok(whole.limited_to(fields))
}

/// The translation of an entry into a language, if there is one.
pub fn into_language(
    connection: &mut Connection,
    entry: TranslatedEntryId,
    language: &str,
) -> QueryResult<Option<TranslationRow>> {
    translations::table
        .filter(translations::entry_id.eq(entry))
        .filter(translations::language.eq(language))
        .first(connection)
        .optional()
}

/// What was reviewed of entries in the language that a request prefers, by entry.
pub fn reviewed(
    connection: &mut Connection,
    entries: impl Iterator<Item = Uuid>,
    preferred: Option<&str>,
) -> QueryResult<HashMap<Uuid, TranslationRow>> {
    let Some(language) = preferred else { return Ok(HashMap::new()) };
    let rows: Vec<TranslationRow> = translations::table
        .filter(translations::entry_id.eq_any(entries.map(TranslatedEntryId).collect::<Vec<_>>()))
        .filter(translations::language.eq(language))
        .filter(translations::state.eq(TranslationState::Reviewed))
        .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.entry_id.0, row)).collect())
}

/// The translation that an answer is told in, if any.
pub struct ToldIn(Option<TranslationRow>);

/// Puts what was reviewed in the language that a request prefers in the place of the originals.
pub fn tell(reader: &mut Reader<'_>, entry: &mut impl Translatable) -> ApiResult<ToldIn> {
    let preferred = reader.context.preferred.as_deref();
    let id = entry.identity().0;
    let found = reviewed(reader.connection, std::iter::once(id), preferred)?.remove(&id);
    Ok(ToldIn(match found {
        Some(translation) => translation.put_into(entry)?.then_some(translation),
        None => None,
    }))
}

impl ToldIn {
    /// What of it belongs to the tag of an answer.
    pub fn view(&self) -> String {
        self.0.as_ref().map(|told| format!("{}.{}", told.language, told.version)).unwrap_or_default()
    }

    /// The answer, which says its language.
    pub fn label(&self, answer: Answer) -> Answer {
        match &self.0 {
            Some(told) => answer.header(header::CONTENT_LANGUAGE, told.language.as_str()),
            None => answer,
        }
    }
}
