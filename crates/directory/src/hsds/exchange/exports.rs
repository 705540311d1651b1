//! Exports of the directory as HSDS, with the ids that entries have where they were imported from.

use std::collections::{HashMap, HashSet};

use actix_web::get;
use approdo_db::schema::{organisation_ancestors, services};
use diesel::prelude::*;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::OrganisationId;
use crate::access::caller::{Caller, actions, resources};
use crate::directory::services::{ServiceId, ServiceRow};
use crate::error::ApiResult;
use crate::hsds::entities::{Depth, Spoken, Told};
use crate::hsds::exchange::{keeping, sources};
use crate::http::{Answer, Door, Id, Parameters};
use crate::page_of;
use crate::paged_query;

/// A full service in the words of HSDS 3.0: with its organization, and where it is given.
#[derive(Debug, Serialize, ToSchema)]
#[schema(value_type = Object)]
pub struct HsdsService(Value);

page_of! {
    /// A page of services in the words of HSDS.
    HsdsServicePage of HsdsService
}

paged_query! {
    /// How to export the directory.
    DirectoryExportQuery {}
}

/// Export the directory as HSDS.
///
/// The services of an organisation and of those below it as HSDS 3.0, oldest first. What the organisation has imported bears the ids
/// that it had in the file, so that a page is given back as it came, apart from what docs/hsds-losses.md lists; the page itself can be
/// imported.
#[utoipa::path(
    tag = "Directory",
    params(("organisation_id" = OrganisationId, Path, description = "The organisation."), DirectoryExportQuery),
    responses((status = 200, description = "A page.", body = HsdsServicePage))
)]
#[get("/organisations/{organisation_id}/directory-exports")]
pub async fn list_directory_exports(
    door: Door,
    caller: Caller<actions::List, resources::Services>,
    id: Id<OrganisationId>,
    query: Parameters<DirectoryExportQuery>,
) -> ApiResult<Answer> {
    door.read("list_directory_exports", caller, move |reader| {
        keeping::organisation(reader.connection, id.0)?;
        let asked = query.read()?;
        let request = reader.page(&query, asked.limit, asked.cursor.as_deref());
        let own = organisation_ancestors::table
            .filter(organisation_ancestors::ancestor_id.eq(id.0))
            .select(organisation_ancestors::organisation_id);
        let rows: Vec<ServiceRow> = services::table
            .filter(services::organisation_id.eq_any(own))
            .filter(services::id.gt(request.after()?.unwrap_or(ServiceId(Uuid::nil()))))
            .order(services::id)
            .limit(request.limit() + 1)
            .load(reader.connection)?;
        let page = request.page(rows, |row: &ServiceRow| row.id)?;
        let spoken = Spoken::original(reader.context.language);
        let told = Told::of_services(reader.connection, &spoken, &page.items, Depth::Full)?;
        let mut page = page.try_map(|row| told.service(&row, Depth::Full).map(HsdsService))?;
        let mut ids = HashSet::new();
        page.items.iter().for_each(|service| ids_in(&service.0, &mut ids));
        let names = sources::names(reader.connection, id.0, ids.into_iter())?;
        page.items.iter_mut().for_each(|service| rename(&mut service.0, &names));
        Answer::ok(&HsdsServicePage::from(page))
    })
    .await
}

fn is_id(name: &str) -> bool {
    name == "id" || name.ends_with("_id")
}

/// The ids of entries and of what they refer to.
fn ids_in(value: &Value, into: &mut HashSet<Uuid>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| ids_in(item, into)),
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if is_id(name) => into.extend(Uuid::parse_str(text).ok()),
                    other => ids_in(other, into),
                }
            }
        }
        _ => {}
    }
}

fn rename(value: &mut Value, names: &HashMap<String, String>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, names)),
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if is_id(name) => {
                        if let Some(source) = names.get(text) {
                            text.clone_from(source);
                        }
                    }
                    other => rename(other, names),
                }
            }
        }
        _ => {}
    }
}
