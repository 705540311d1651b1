//! Operations on translations, the same for each kind of entry.

use actix_web::{delete, get, put};
use approdo_db::Json;
use approdo_db::schema::translations;
use diesel::prelude::*;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, OrganisationId, Resource};
use crate::directory::locations::{LocationId, LocationRow};
use crate::directory::organisations::OrganisationRow;
use crate::directory::programs::{Program, ProgramId};
use crate::directory::services::{ServiceId, ServiceRow};
use crate::directory::translations::{
    NewTranslation, Translatable, TranslatedEntryId, Translation, TranslationId, TranslationPage, TranslationRow,
    into_language, source,
};
use crate::entries;
use crate::error::{ApiError, ApiResult};
use crate::http::path::LanguageOf;
use crate::http::{Answer, Body, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters, Reader};
use crate::paged_query;
use crate::work::Unit;

paged_query! {
    /// How to list the translations of an entry.
    TranslationQuery {}
}

/// The operations on the translations of a kind of entry: its row, its id, what it is called with its article, its path, that of one
/// of its translations, the name of its id there; then the operations.
macro_rules! translations_of {
    (
        $row:ident, $id:ident, $called:tt, $all:tt, $one:tt, $parameter:tt,
        $list:ident, $read:ident, $replace:ident, $delete:ident
    ) => {
        #[utoipa::path(
            tag = "Directory",
            summary = concat!("List the translations of ", $called, "."),
            description = "By language, each text with how far it can be relied on: `outdated` where the original has changed since.",
            params(($parameter = $id, Path, description = "What is translated."), TranslationQuery),
            responses((status = 200, description = "A page.", body = TranslationPage))
        )]
        #[get($all)]
        pub async fn $list(
            door: Door,
            caller: Caller<actions::List, resources::Translations>,
            id: Id<$id>,
            query: Parameters<TranslationQuery>,
        ) -> ApiResult<Answer> {
            door.read(stringify!($list), caller, move |reader| listed::<$row>(reader, id.0, &query)).await
        }

        #[utoipa::path(
            tag = "Directory",
            summary = concat!("Read a translation of ", $called, "."),
            description = "404 where it is not translated into that language.",
            params(
                ($parameter = $id, Path, description = "What is translated."),
                (
                    "language" = String, Path, description = "ISO 639-1, or ISO 639-3 where that has none.",
                    min_length = 2, max_length = 3, pattern = "^[a-z]{2,3}$"
                ),
            ),
            responses((status = 200, description = "The translation.", body = Translation))
        )]
        #[get($one)]
        pub async fn $read(
            door: Door,
            caller: Caller<actions::Read, resources::Translations>,
            id: Id<$id>,
            language: LanguageOf,
            held: IfNoneMatch,
        ) -> ApiResult<Answer> {
            door.read(stringify!($read), caller, move |reader| shown::<$row>(reader, id.0, &language, &held)).await
        }

        #[utoipa::path(
            tag = "Directory",
            summary = concat!("Translate ", $called, "."),
            description = "Into a language, in place of what there was. `If-Match` is checked where it is sent. Reviewed texts are told in \
                           place of the originals to whoever prefers the language, until these change.",
            params(
                ($parameter = $id, Path, description = "What is translated."),
                (
                    "language" = String, Path, description = "ISO 639-1, or ISO 639-3 where that has none.",
                    min_length = 2, max_length = 3, pattern = "^[a-z]{2,3}$"
                ),
            ),
            request_body = NewTranslation,
            responses((status = 200, description = "The translation.", body = Translation))
        )]
        #[put($one)]
        pub async fn $replace(
            door: Door,
            caller: Caller<actions::Edit, resources::Translations>,
            id: Id<$id>,
            language: LanguageOf,
            if_match: IfMatch,
            body: Body<NewTranslation>,
        ) -> ApiResult<Answer> {
            door.write(stringify!($replace), caller, None, move |unit| {
                let entry: $row = entries::locked(unit, Action::Edit, Resource::Translations, id.0)?;
                let new = body.read()?;
                let row = translate(unit, &entry, &language.0, new, &if_match)?;
                unit.edited(row.version, &row.shown(&entry)?)
            })
            .await
        }

        #[utoipa::path(
            tag = "Directory",
            summary = concat!("Delete a translation of ", $called, "."),
            description = "It is told in the original from then on.",
            params(
                ($parameter = $id, Path, description = "What is translated."),
                (
                    "language" = String, Path, description = "ISO 639-1, or ISO 639-3 where that has none.",
                    min_length = 2, max_length = 3, pattern = "^[a-z]{2,3}$"
                ),
            ),
            responses((status = 204, description = "It is gone."))
        )]
        #[delete($one)]
        pub async fn $delete(
            door: Door,
            caller: Caller<actions::Delete, resources::Translations>,
            id: Id<$id>,
            language: LanguageOf,
            if_match: IfMatch,
        ) -> ApiResult<Answer> {
            door.write(stringify!($delete), caller, None, move |unit| {
                removed::<$row>(unit, id.0, &language, &if_match)
            })
            .await
        }
    };
}

translations_of!(
    ServiceRow,
    ServiceId,
    "a service",
    "/services/{service_id}/translations",
    "/services/{service_id}/translations/{language}",
    "service_id",
    list_service_translations,
    read_service_translation,
    replace_service_translation,
    delete_service_translation
);

translations_of!(
    Program,
    ProgramId,
    "a program",
    "/programs/{program_id}/translations",
    "/programs/{program_id}/translations/{language}",
    "program_id",
    list_program_translations,
    read_program_translation,
    replace_program_translation,
    delete_program_translation
);

translations_of!(
    LocationRow,
    LocationId,
    "a location",
    "/locations/{location_id}/translations",
    "/locations/{location_id}/translations/{language}",
    "location_id",
    list_location_translations,
    read_location_translation,
    replace_location_translation,
    delete_location_translation
);

translations_of!(
    OrganisationRow,
    OrganisationId,
    "an organisation",
    "/organisations/{organisation_id}/translations",
    "/organisations/{organisation_id}/translations/{language}",
    "organisation_id",
    list_organisation_translations,
    read_organisation_translation,
    replace_organisation_translation,
    delete_organisation_translation
);

fn id_of(entry: &impl Translatable) -> TranslatedEntryId {
    TranslatedEntryId(entry.identity().0)
}

fn listed<E: Translatable>(
    reader: &mut Reader<'_>,
    id: E::Id,
    query: &Parameters<TranslationQuery>,
) -> ApiResult<Answer> {
    let entry: E = entries::known(reader, id)?;
    let asked = query.read()?;
    let request = reader.page(query, asked.limit, asked.cursor.as_deref());
    let rows: Vec<TranslationRow> = translations::table
        .filter(translations::entry_id.eq(id_of(&entry)))
        .filter(translations::language.gt(request.after()?.unwrap_or_else(String::new)))
        .order(translations::language)
        .limit(request.limit() + 1)
        .load(reader.connection)?;
    let page = request.page(rows, |row: &TranslationRow| row.language.clone())?;
    Answer::ok(&TranslationPage::from(page.try_map(|row| row.shown(&entry))?))
}

fn shown<E: Translatable>(
    reader: &mut Reader<'_>,
    id: E::Id,
    language: &LanguageOf,
    held: &IfNoneMatch,
) -> ApiResult<Answer> {
    let entry: E = entries::known(reader, id)?;
    let row = into_language(reader.connection, id_of(&entry), &language.0)?.ok_or_else(ApiError::not_found)?;
    let (version, view) = (row.version, entry.identity().1.to_string());
    reader.answer_row(version, held, &Fields::default(), &view, &row.shown(&entry)?)
}

/// Keeps a translation of a locked entry; used by the demonstration data as well.
pub fn translate<E: Translatable>(
    unit: &mut Unit<'_>,
    entry: &E,
    language: &str,
    new: NewTranslation,
    if_match: &IfMatch,
) -> ApiResult<TranslationRow> {
    let held = into_language(unit.connection, id_of(entry), language)?;
    match &held {
        Some(row) => if_match.check_if_sent(row.version)?,
        None => if_match.check_absent()?,
    }
    let told = new.fields.told();
    if told.is_empty() {
        return Err(ApiError::invalid_member("fields", "must have at least one text"));
    }
    let source_version = new.source_version.unwrap_or(entry.identity().1);
    let source = source(unit.connection, entry, source_version, &new.fields)?;
    let originals = source.told();
    if let Some((name, _)) = told.iter().find(|(name, _)| !originals.iter().any(|(known, _)| known == name)) {
        return Err(ApiError::invalid_member(&format!("fields/{name}"), "translates a text that is not there"));
    }
    let (fields, source) = (Json::of(&new.fields), Json::of(&source));
    let Some(mut row) = held else {
        let row = TranslationRow {
            id: TranslationId::new(),
            entry_kind: E::KIND_OF_ENTRY,
            entry_id: id_of(entry),
            organisation_id: entry.keeper(),
            language: language.to_owned(),
            fields,
            source,
            state: new.state,
            source_version,
            version: 1,
            created_at: unit.now,
            updated_at: unit.now,
        };
        entries::add(unit, &row, &["entry_kind", "entry_id", "language", "fields", "state", "source_version"])?;
        return Ok(row);
    };
    let mut changed = Vec::new();
    for (name, differs) in [
        ("fields", row.fields != fields),
        ("state", row.state != new.state),
        ("source_version", row.source_version != source_version),
    ] {
        changed.extend(differs.then_some(name));
    }
    (row.fields, row.source, row.state, row.source_version) = (fields, source, new.state, source_version);
    entries::save(unit, &mut row, &changed)?;
    Ok(row)
}

fn removed<E: Translatable>(
    unit: &mut Unit<'_>,
    id: E::Id,
    language: &LanguageOf,
    if_match: &IfMatch,
) -> ApiResult<Answer> {
    let entry: E = entries::locked(unit, Action::Delete, Resource::Translations, id)?;
    let row = into_language(unit.connection, id_of(&entry), &language.0)?.ok_or_else(ApiError::not_found)?;
    if_match.check(row.version)?;
    entries::remove(unit, &row)?;
    Ok(Answer::no_content())
}
