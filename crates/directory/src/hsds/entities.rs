//! Entries of the directory in the words of HSDS. What has no value is left out.

use std::collections::HashMap;

use approdo_db::Connection;
use approdo_db::schema::{locations, organisations, programs, service_at_locations, services};
use diesel::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::access::OrganisationId;
use crate::codes::lists;
use crate::directory::locations::{LocationId, LocationRow};
use crate::directory::organisations::OrganisationRow;
use crate::directory::parts::CostOption;
use crate::directory::programs::{Program, ProgramId};
use crate::directory::service_at_locations::ServiceAtLocationRow;
use crate::directory::services::{ServiceId, ServiceRow, ServiceStatus};
use crate::directory::translations::{self, Translatable, TranslationRow};
use crate::error::{ApiError, ApiResult};
use crate::hsds::taxonomies::{self, Term, named};
use crate::http::RequestContext;
use crate::http::request::Language;

/// What a reader understands: the language of labels, and the one that texts are told in where they were translated.
#[derive(Clone)]
pub struct Spoken {
    pub labels: Language,
    preferred: Option<String>,
}

impl Spoken {
    pub fn of(context: &RequestContext) -> Self {
        Self { labels: context.language, preferred: context.preferred.clone() }
    }

    /// The texts as they were entered.
    pub fn original(labels: Language) -> Self {
        Self { labels, preferred: None }
    }
}

/// What entries refer to, read once for all of them.
pub struct Told {
    language: Language,
    terms: Vec<Term>,
    kinds: HashMap<String, String>,
    organisations: HashMap<OrganisationId, OrganisationRow>,
    programs: HashMap<ProgramId, Program>,
    /// Services at locations, by service, with their locations.
    given: HashMap<ServiceId, Vec<(ServiceAtLocationRow, LocationRow)>>,
    /// What of it was reviewed in the language that the reader prefers, by entry.
    translations: HashMap<Uuid, TranslationRow>,
}

/// How much of an entry is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// What it has one of.
    Summary,
    /// What it is related to as well, except where it is given.
    Apart,
    /// All of it.
    Full,
}

impl Told {
    pub fn of_services(
        connection: &mut Connection,
        spoken: &Spoken,
        rows: &[ServiceRow],
        depth: Depth,
    ) -> ApiResult<Self> {
        let mut told = Self::of_organisations(connection, spoken, rows.iter().map(|row| row.organisation_id))?;
        let named = programs::table.filter(programs::id.eq_any(rows.iter().filter_map(|row| row.program_id)));
        told.programs = named.load(connection)?.into_iter().map(|row: Program| (row.id, row)).collect();
        let ids = rows.iter().map(|row| row.id.0).chain(told.programs.keys().map(|id| id.0)).collect::<Vec<Uuid>>();
        told.translate(connection, spoken, ids)?;
        if depth == Depth::Full {
            let ids: Vec<ServiceId> = rows.iter().map(|row| row.id).collect();
            let given: Vec<ServiceAtLocationRow> = service_at_locations::table
                .filter(service_at_locations::service_id.eq_any(ids))
                .order(service_at_locations::id)
                .load(connection)?;
            let places: Vec<LocationId> = given.iter().map(|at| at.location_id).collect();
            let places: Vec<LocationRow> = locations::table.filter(locations::id.eq_any(places)).load(connection)?;
            let places: HashMap<LocationId, LocationRow> = places.into_iter().map(|row| (row.id, row)).collect();
            told.translate(connection, spoken, places.keys().map(|id| id.0))?;
            for at in given {
                if let Some(place) = places.get(&at.location_id) {
                    told.given.entry(at.service_id).or_default().push((at, place.clone()));
                }
            }
        }
        Ok(told)
    }

    pub fn of_organisations(
        connection: &mut Connection,
        spoken: &Spoken,
        ids: impl Iterator<Item = OrganisationId>,
    ) -> ApiResult<Self> {
        let language = spoken.labels;
        let ids: std::collections::HashSet<OrganisationId> = ids.collect();
        let rows: Vec<OrganisationRow> = organisations::table.filter(organisations::id.eq_any(ids)).load(connection)?;
        let kinds = lists::present(connection, "organisation_kinds")?.shown(language)?;
        let mut told = Self {
            language,
            terms: taxonomies::terms(connection, language)?,
            kinds: kinds.items.into_iter().map(|code| (code.code, code.label)).collect(),
            organisations: rows.into_iter().map(|row| (row.id, row)).collect(),
            programs: HashMap::new(),
            given: HashMap::new(),
            translations: HashMap::new(),
        };
        let ids: Vec<Uuid> = told.organisations.keys().map(|id| id.0).collect();
        told.translate(connection, spoken, ids)?;
        Ok(told)
    }

    /// Reads what entries say in the language that the reader prefers.
    pub fn translate(
        &mut self,
        connection: &mut Connection,
        spoken: &Spoken,
        entries: impl IntoIterator<Item = Uuid>,
    ) -> ApiResult<()> {
        let reviewed = translations::reviewed(connection, entries.into_iter(), spoken.preferred.as_deref())?;
        self.translations.extend(reviewed);
        Ok(())
    }

    /// An entry as the reader understands it best.
    fn in_words<E: Translatable>(&self, row: &E) -> ApiResult<E> {
        let mut row = row.clone();
        if let Some(translation) = self.translations.get(&row.identity().0) {
            translation.put_into(&mut row)?;
        }
        Ok(row)
    }

    /// HSDS asks each organization for a description: until it has one of its own, what kind of body it is.
    pub fn organization(&self, row: &OrganisationRow, depth: Depth) -> ApiResult<Value> {
        let row = self.in_words(row)?;
        let details = row.details()?;
        let kind = self.kinds.get(&row.kind).unwrap_or(&row.kind);
        let organization = without_nulls(json!({
            "id": row.id,
            "name": row.name,
            "alternate_name": details.alternate_name,
            "description": details.description.as_ref().unwrap_or(kind),
            "email": details.email,
            "website": details.website,
            "uri": details.uri,
            "logo": details.logo,
            "year_incorporated": details.year_incorporated,
            "legal_status": details.legal_status,
            "parent_organization_id": row.parent_id,
        }));
        if depth == Depth::Summary {
            return Ok(organization);
        }
        // With the code by which the administration's index knows it.
        let identifier = |code: &String| {
            json!([{
                "id": named(&["identifier", "ipa", code]),
                "organization_id": row.id,
                "identifier_scheme": "IT-IPA",
                "identifier_type": "Indice dei domicili digitali della Pubblica Amministrazione",
                "identifier": code,
            }])
        };
        let related = [
            ("phones", parts(&details.phones)?),
            ("contacts", parts(&details.contacts)?),
            ("funding", parts(&details.funding)?),
            ("organization_identifiers", row.ipa_code.as_ref().map_or_else(|| json!([]), identifier)),
        ];
        Ok(with(organization, related))
    }

    fn provider(&self, id: OrganisationId, depth: Depth) -> ApiResult<Value> {
        self.organisations.get(&id).map_or(Ok(Value::Null), |row| self.organization(row, depth))
    }

    /// HSDS asks each program for a description: until it has one, its name.
    pub fn program(&self, row: &Program) -> ApiResult<Value> {
        let row = self.in_words(row)?;
        Ok(without_nulls(json!({
            "id": row.id,
            "organization_id": row.organisation_id,
            "name": row.name,
            "alternate_name": row.alternate_name,
            "description": row.description.as_ref().unwrap_or(&row.name),
        })))
    }

    pub fn service(&self, row: &ServiceRow, depth: Depth) -> ApiResult<Value> {
        let row = self.in_words(row)?;
        let details = row.details()?;
        let service = without_nulls(json!({
            "id": row.id,
            "organization_id": row.organisation_id,
            "program_id": row.program_id,
            "name": row.name,
            "alternate_name": details.alternate_name,
            "description": details.description,
            "url": details.url,
            "email": details.email,
            "status": status(row.status),
            "interpretation_services": details.interpretation_services,
            "application_process": details.application_process,
            "fees_description": details.fees_description,
            "wait_time": details.wait_time,
            "accreditations": details.accreditations,
            "eligibility_description": details.eligibility_description,
            "minimum_age": row.minimum_age,
            "maximum_age": row.maximum_age,
            "assured_date": row.verified_on,
            "licenses": details.licenses,
            "alert": details.alert,
            "last_modified": row.updated_at,
            "organization": self.provider(row.organisation_id, depth)?,
            "program": row.program_id.and_then(|id| self.programs.get(&id)).map(|row| self.program(row)).transpose()?,
        }));
        if depth == Depth::Summary {
            return Ok(service);
        }
        let eligibility = row.eligibility()?;
        let codes: Vec<(&'static str, &str)> = std::iter::once(("service_types", row.service_type.as_str()))
            .chain(eligibility.target_groups.iter().map(|group| ("target_groups", group.as_str())))
            .collect();
        let service = if depth == Depth::Full {
            let given = self.given.get(&row.id).map(Vec::as_slice).unwrap_or_default();
            let given: ApiResult<Vec<Value>> =
                given.iter().map(|(at, place)| self.service_at_location(at, place)).collect();
            with(service, [("service_at_locations", given?.into())])
        } else {
            service
        };
        let costs: ApiResult<Vec<Value>> = details.cost_options.iter().map(cost_option).collect();
        let areas: ApiResult<Vec<Value>> = details.service_areas.iter().map(service_area).collect();
        let related = [
            ("phones", parts(&details.phones)?),
            ("schedules", parts(&details.schedules)?),
            ("service_areas", areas?.into()),
            ("languages", parts(&details.languages)?),
            ("funding", parts(&details.funding)?),
            ("cost_options", costs?.into()),
            ("required_documents", parts(&details.required_documents)?),
            ("contacts", parts(&details.contacts)?),
            ("attributes", taxonomies::attributes(&self.terms, self.language, row.id.0, &codes).into()),
        ];
        Ok(with(service, related))
    }

    /// A location with all that belongs to it.
    pub fn location(&self, row: &LocationRow) -> ApiResult<Value> {
        let row = self.in_words(row)?;
        let details = row.details()?;
        Ok(without_nulls(json!({
            "id": row.id,
            "location_type": row.location_type,
            "url": details.url,
            "organization_id": row.organisation_id,
            "name": row.name,
            "alternate_name": details.alternate_name,
            "description": details.description,
            "transportation": details.transportation,
            "latitude": row.latitude,
            "longitude": row.longitude,
            "languages": parts(&details.languages)?,
            "addresses": parts(&details.addresses)?,
            "contacts": parts(&details.contacts)?,
            "accessibility": parts(&details.accessibility)?,
            "phones": parts(&details.phones)?,
            "schedules": parts(&details.schedules)?,
        })))
    }

    /// A service at a location, with the location.
    pub fn service_at_location(&self, row: &ServiceAtLocationRow, place: &LocationRow) -> ApiResult<Value> {
        let particulars = row.details()?;
        Ok(without_nulls(json!({
            "id": row.id,
            "service_id": row.service_id,
            "location_id": row.location_id,
            "description": particulars.description,
            "contacts": parts(&particulars.contacts)?,
            "phones": parts(&particulars.phones)?,
            "schedules": parts(&particulars.schedules)?,
            "location": self.location(place)?,
        })))
    }
}

/// As HSDS writes it.
pub fn status(status: ServiceStatus) -> &'static str {
    match status {
        ServiceStatus::TemporarilyClosed => "temporarily closed",
        other => other.as_str(),
    }
}

fn parts<T: Serialize>(items: &[T]) -> ApiResult<Value> {
    serde_json::to_value(items).map_err(ApiError::fault)
}

// HSDS has the amount as a number.
fn cost_option(cost: &CostOption) -> ApiResult<Value> {
    let mut shown = parts(std::slice::from_ref(cost))?.get_mut(0).map(Value::take).unwrap_or_default();
    if let Some(money) = &cost.amount {
        let amount: f64 = money.amount.parse().map_err(ApiError::fault)?;
        shown = with(shown, [("amount", json!(amount)), ("currency", json!(money.currency))]);
    }
    Ok(shown)
}

// Our territories are no words of HSDS.
fn service_area(area: &crate::directory::parts::ServiceArea) -> ApiResult<Value> {
    Ok(without(serde_json::to_value(area).map_err(ApiError::fault)?, "territory_id"))
}

/// A service by its id; 404 where there is none.
pub fn known_service(connection: &mut Connection, id: ServiceId) -> ApiResult<ServiceRow> {
    services::table.find(id).first(connection).optional()?.ok_or_else(ApiError::not_found)
}

/// An entity with further members.
pub fn with<const N: usize>(mut entity: Value, members: [(&'static str, Value); N]) -> Value {
    if let Some(entity) = entity.as_object_mut() {
        entity.extend(members.map(|(name, value)| (name.to_owned(), value)));
    }
    entity
}

/// An entity without a member.
pub fn without(mut entity: Value, member: &str) -> Value {
    if let Some(entity) = entity.as_object_mut() {
        entity.remove(member);
    }
    entity
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>())
        }
        other => other,
    }
}
