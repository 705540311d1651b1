//! Operations on translations of services.

use actix_web::{delete, get, put};
use approdo_db::Json;
use approdo_db::schema::service_translations as translations;
use diesel::prelude::*;

use crate::access::caller::{Caller, actions, resources};
use crate::access::{Action, Resource};
use crate::directory::entries;
use crate::directory::services::{ServiceId, ServiceRow};
use crate::directory::translations::{
    NewServiceTranslation, ServiceTranslation, ServiceTranslationId, ServiceTranslationPage, ServiceTranslationRow,
    into_language, source,
};
use crate::error::{ApiError, ApiResult};
use crate::http::path::LanguageOf;
use crate::http::{Answer, Body, Door, Fields, Id, IfMatch, IfNoneMatch, Parameters};
use crate::paged_query;
use crate::work::Unit;

paged_query! {
    /// How to list the translations of a service.
    ServiceTranslationQuery {}
}

/// List the translations of a service.
///
/// By language, each text with how far it can be relied on: `outdated` where the original has changed since.
#[utoipa::path(
    tag = "Directory",
    params(("service_id" = ServiceId, Path, description = "The service."), ServiceTranslationQuery),
    responses((status = 200, description = "A page.", body = ServiceTranslationPage))
)]
#[get("/services/{service_id}/translations")]
pub async fn list_service_translations(
    door: Door,
    caller: Caller<actions::List, resources::ServiceTranslations>,
    id: Id<ServiceId>,
    query: Parameters<ServiceTranslationQuery>,
) -> ApiResult<Answer> {
    door.read("list_service_translations", caller, move |reader| {
        let service: ServiceRow = entries::known(reader, id.0)?;
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let rows: Vec<ServiceTranslationRow> = translations::table
            .filter(translations::service_id.eq(id.0))
            .filter(translations::language.gt(request.after()?.unwrap_or_else(String::new)))
            .order(translations::language)
            .limit(request.limit() + 1)
            .load(reader.connection)?;
        let page = request.page(rows, |row: &ServiceTranslationRow| row.language.clone())?;
        Answer::ok(&ServiceTranslationPage::from(page.try_map(|row| row.shown(&service))?))
    })
    .await
}

/// Read a translation of a service.
///
/// 404 where it is not translated into that language.
#[utoipa::path(
    tag = "Directory",
    params(
        ("service_id" = ServiceId, Path, description = "The service."),
        (
            "language" = String, Path, description = "ISO 639-1, or ISO 639-3 where that has none.",
            min_length = 2, max_length = 3, pattern = "^[a-z]{2,3}$"
        ),
    ),
    responses((status = 200, description = "The translation.", body = ServiceTranslation))
)]
#[get("/services/{service_id}/translations/{language}")]
pub async fn read_service_translation(
    door: Door,
    caller: Caller<actions::Read, resources::ServiceTranslations>,
    id: Id<ServiceId>,
    language: LanguageOf,
    held: IfNoneMatch,
) -> ApiResult<Answer> {
    door.read("read_service_translation", caller, move |reader| {
        let service: ServiceRow = entries::known(reader, id.0)?;
        let row = into_language(reader.connection, id.0, &language.0)?.ok_or_else(ApiError::not_found)?;
        let (version, view) = (row.version, service.version.to_string());
        reader.answer_row(version, &held, &Fields::default(), &view, &row.shown(&service)?)
    })
    .await
}

/// Translate a service.
///
/// Into a language, in place of what there was. `If-Match` is checked where it is sent. Reviewed texts are told in place of the originals
/// to whoever prefers the language, until these change.
#[utoipa::path(
    tag = "Directory",
    params(
        ("service_id" = ServiceId, Path, description = "The service."),
        (
            "language" = String, Path, description = "ISO 639-1, or ISO 639-3 where that has none.",
            min_length = 2, max_length = 3, pattern = "^[a-z]{2,3}$"
        ),
    ),
    request_body = NewServiceTranslation,
    responses((status = 200, description = "The translation.", body = ServiceTranslation))
)]
#[put("/services/{service_id}/translations/{language}")]
pub async fn replace_service_translation(
    door: Door,
    caller: Caller<actions::Edit, resources::ServiceTranslations>,
    id: Id<ServiceId>,
    language: LanguageOf,
    if_match: IfMatch,
    body: Body<NewServiceTranslation>,
) -> ApiResult<Answer> {
    door.write("replace_service_translation", caller, None, move |unit| {
        let service: ServiceRow = entries::locked(unit, Action::Edit, Resource::ServiceTranslations, id.0)?;
        let new = body.read()?;
        let row = translate(unit, &service, &language.0, new, &if_match)?;
        unit.edited(row.version, &row.shown(&service)?)
    })
    .await
}

/// Keeps a translation of a locked service.
fn translate(
    unit: &mut Unit<'_>,
    service: &ServiceRow,
    language: &str,
    new: NewServiceTranslation,
    if_match: &IfMatch,
) -> ApiResult<ServiceTranslationRow> {
    let held = into_language(unit.connection, service.id, language)?;
    match &held {
        Some(row) => if_match.check_if_sent(row.version)?,
        None => if_match.check_absent()?,
    }
    let told = new.fields.told();
    if told.is_empty() {
        return Err(ApiError::invalid_member("fields", "must have at least one text"));
    }
    let source_version = new.source_version.unwrap_or(service.version);
    let source = source(unit.connection, service, source_version, &new.fields)?;
    let originals = source.told();
    if let Some((name, _)) = told.iter().find(|(name, _)| !originals.iter().any(|(known, _)| known == name)) {
        return Err(ApiError::invalid_member(&format!("fields/{name}"), "translates a text that the service has not"));
    }
    let (fields, source) = (Json::of(&new.fields), Json::of(&source));
    let Some(mut row) = held else {
        let row = ServiceTranslationRow {
            id: ServiceTranslationId::new(),
            service_id: service.id,
            organisation_id: service.organisation_id,
            language: language.to_owned(),
            fields,
            source,
            state: new.state,
            source_version,
            version: 1,
            created_at: unit.now,
            updated_at: unit.now,
        };
        entries::add(unit, &row, &["service_id", "language", "fields", "state", "source_version"])?;
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

/// Delete a translation of a service.
///
/// The service is told in the original from then on.
#[utoipa::path(
    tag = "Directory",
    params(
        ("service_id" = ServiceId, Path, description = "The service."),
        (
            "language" = String, Path, description = "ISO 639-1, or ISO 639-3 where that has none.",
            min_length = 2, max_length = 3, pattern = "^[a-z]{2,3}$"
        ),
    ),
    responses((status = 204, description = "It is gone."))
)]
#[delete("/services/{service_id}/translations/{language}")]
pub async fn delete_service_translation(
    door: Door,
    caller: Caller<actions::Delete, resources::ServiceTranslations>,
    id: Id<ServiceId>,
    language: LanguageOf,
    if_match: IfMatch,
) -> ApiResult<Answer> {
    door.write("delete_service_translation", caller, None, move |unit| {
        let service: ServiceRow = entries::locked(unit, Action::Delete, Resource::ServiceTranslations, id.0)?;
        let row = into_language(unit.connection, service.id, &language.0)?.ok_or_else(ApiError::not_found)?;
        if_match.check(row.version)?;
        entries::remove(unit, &row)?;
        Ok(Answer::no_content())
    })
    .await
}
