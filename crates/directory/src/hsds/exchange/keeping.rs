//! Entries of a file become rows: matched by what they are called there, made where there are none, edited where they differ. Each as a
//! whole or not at all: everything that can be wrong with an entry is found before anything of it is written.

use std::collections::{BTreeSet, HashMap, HashSet};

use approdo_db::Connection;
use approdo_db::schema::{organisation_ancestors, organisations as organisation_rows};
use diesel::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::access::OrganisationId;
use crate::codes::lists::{self, Code};
use crate::directory::location_handlers;
use crate::directory::locations::{self, LocationId, LocationPatch, LocationRow, NewLocation};
use crate::directory::organisation_handlers;
use crate::directory::organisations::{self, NewOrganisation, OrganisationPatch, OrganisationRow};
use crate::directory::programs::{self, NewProgram, Program, ProgramId, ProgramPatch};
use crate::directory::service_at_locations::{
    self, NewServiceAtLocation, ServiceAtLocationId, ServiceAtLocationPatch, ServiceAtLocationRow,
};
use crate::directory::service_handlers;
use crate::directory::services::{self, NewService, ServiceId, ServicePatch, ServiceRow};
use crate::entries::{self, Entry};
use crate::error::{ApiError, ApiResult};
use crate::hsds::exchange::fitting;
use crate::hsds::exchange::package::{Item, Members, Package, text_of};
use crate::hsds::exchange::patches;
use crate::hsds::exchange::report::{ImportReport, ImportStatus};
use crate::hsds::exchange::shaping::{self, Shaped};
use crate::hsds::exchange::sources::{self, HsdsEntity};
use crate::http::Patch;
use crate::http::body::checked;
use crate::http::request::Language;
use crate::work::Unit;

/// The kind of body that an organisation of a file becomes: HSDS does not tell.
const KIND: &str = "other";

/// An import in progress.
pub struct Import<'u, 'a> {
    unit: &'u mut Unit<'a>,
    importer: OrganisationRow,
    service_type: Option<String>,
    /// `organisation_kinds`.
    kinds: Vec<Code>,
    /// The importing organisation and those below it: whose rows an import may touch.
    own: HashSet<OrganisationId>,
    /// What became of what the file names so far. None for organisations that were rejected.
    organisations: HashMap<String, Option<OrganisationId>>,
    programs: HashMap<String, (ProgramId, OrganisationId)>,
    locations: HashMap<String, LocationId>,
    services: HashMap<String, ServiceId>,
    report: ImportReport,
}

/// Keeps what a file says, for an organisation that the caller administers.
pub fn keep(
    unit: &mut Unit<'_>,
    importer: OrganisationRow,
    service_type: Option<String>,
    package: &Package,
) -> ApiResult<ImportReport> {
    let own: Vec<OrganisationId> = organisation_ancestors::table
        .filter(organisation_ancestors::ancestor_id.eq(importer.id))
        .select(organisation_ancestors::organisation_id)
        .load(unit.connection)?;
    let mut import = Import {
        kinds: lists::present(unit.connection, "organisation_kinds")?.shown(Language::En)?.items,
        unit,
        importer,
        service_type,
        own: own.into_iter().collect(),
        organisations: HashMap::new(),
        programs: HashMap::new(),
        locations: HashMap::new(),
        services: HashMap::new(),
        report: ImportReport::default(),
    };
    package.organisations.iter().try_for_each(|item| import.organisation(item))?;
    package.programs.iter().try_for_each(|item| import.program(item))?;
    package.locations.iter().try_for_each(|item| import.location(item))?;
    package.services.iter().try_for_each(|item| import.service(item))?;
    package.placements.iter().try_for_each(|item| import.placement(item))?;
    import.report.ignored.clone_from(&package.ignored);
    Ok(import.report)
}

/// 422 for an entry that nobody could find again.
fn require_id(item: &Item) -> ApiResult<()> {
    if item.id.is_empty() {
        Err(ApiError::invalid_member("id", "is missing"))
    } else if item.id.len() > sources::LONGEST {
        Err(ApiError::invalid_member("id", format!("must have at most {} bytes", sources::LONGEST)))
    } else {
        Ok(())
    }
}

fn rejected_before(member: &str) -> ApiError {
    ApiError::invalid_member(member, "names an entry that is not in the file, or was rejected")
}

impl Import<'_, '_> {
    /// The row that an entry is here: what was imported under its id, or what bears it as its own.
    fn known<E: Entry>(
        &mut self,
        kind: HsdsEntity,
        item: &Item,
        find: fn(&mut Connection, E::Id) -> QueryResult<Option<E>>,
    ) -> ApiResult<Option<E>> {
        let imported = sources::row(self.unit.connection, self.importer.id, kind, &item.id)?;
        let id = imported.or_else(|| Uuid::parse_str(&item.id).ok());
        let row = match id {
            Some(id) => find(self.unit.connection, E::Id::from(id))?,
            None => None,
        };
        match row {
            Some(row) if self.own.contains(&row.keeper()) => Ok(Some(row)),
            // Somebody else's row that happens to bear the id is not this entry.
            _ => Ok(None),
        }
    }

    fn remember(&mut self, kind: HsdsEntity, item: &Item, row: Uuid) -> ApiResult<()> {
        Ok(sources::remember(self.unit.connection, self.importer.id, kind, &item.id, row)?)
    }

    /// Organisations become bodies below the importing one; one that bears its name is that one.
    fn organisation(&mut self, item: &Item) -> ApiResult<()> {
        let Shaped { members, mut lost, .. } = shaping::organisation(item);
        let outcome = self.kept_organisation(item, members, &mut lost);
        // What it is called in the file.
        for (here, there) in [("website", "url"), ("ipa_code", "organization_identifiers")] {
            if !item.members.contains_key(here) && item.members.contains_key(there) && lost.remove(here) {
                lost.insert(there.to_owned());
            }
        }
        let id = self.report.note(HsdsEntity::Organisation, item, lost, outcome)?;
        self.organisations.insert(item.key().to_owned(), id.map(OrganisationId));
        Ok(())
    }

    fn kept_organisation(
        &mut self,
        item: &Item,
        mut members: Members,
        lost: &mut BTreeSet<String>,
    ) -> ApiResult<(Uuid, ImportStatus)> {
        let is_importer = members.get("name").is_some_and(|name| *name == self.importer.name);
        fitting::fit(&mut members, lost);
        if members.get("description").is_some_and(|text| self.is_kind(text)) {
            members.remove("description");
        }
        let identified = require_id(item);
        // Not locked: whatever is entered for an organisation waits for whoever has locked it.
        let known: Option<OrganisationRow> = match &identified {
            Ok(()) => self.known(HsdsEntity::Organisation, item, OrganisationRow::find)?,
            Err(_) => None,
        };
        let Some(row) = known.or_else(|| is_importer.then(|| self.importer.clone())) else {
            identified?;
            return self.new_organisation(item, members, lost);
        };
        let imported = sources::row(self.unit.connection, self.importer.id, HsdsEntity::Organisation, &item.id)?;
        if row.id == self.importer.id || imported != Some(row.id.0) {
            // It tells of itself here: a catalogue that names it may know less of it.
            let id = row.id.0;
            lost.extend(told_otherwise(row, members)?);
            return Ok((id, ImportStatus::Unchanged));
        }
        self.edited_organisation(item, row, members, lost)
    }

    fn new_organisation(
        &mut self,
        item: &Item,
        mut members: Members,
        lost: &mut BTreeSet<String>,
    ) -> ApiResult<(Uuid, ImportStatus)> {
        // Each code is one body's in the whole deployment.
        if let Some(code) = members.get("ipa_code").and_then(Value::as_str) {
            let held: i64 = organisation_rows::table
                .filter(organisation_rows::ipa_code.eq(code))
                .count()
                .get_result(self.unit.connection)?;
            if held > 0 {
                members.remove("ipa_code");
                lost.insert("ipa_code".to_owned());
            }
        }
        members.insert("kind".into(), KIND.into());
        members.insert("parent_id".into(), json!(self.importer.id));
        let new: NewOrganisation = checked(&members)?;
        let made = organisation_handlers::enter(self.unit, OrganisationId::new(), new)?;
        self.own.insert(made.id);
        self.remember(HsdsEntity::Organisation, item, made.id.0)?;
        Ok((made.id.0, ImportStatus::Created))
    }

    /// What the file does not have stays; what it has without a value is taken away.
    fn edited_organisation(
        &mut self,
        item: &Item,
        mut row: OrganisationRow,
        mut members: Members,
        lost: &BTreeSet<String>,
    ) -> ApiResult<(Uuid, ImportStatus)> {
        // What they are called here is for their administrators to change.
        members.remove("name");
        members.remove("ipa_code");
        let texts =
            ["alternate_name", "description", "email", "website", "uri", "logo", "year_incorporated", "legal_status"];
        let lists = ["phones", "contacts", "funding"];
        let is_empty = |name: &&str| {
            item.members.get(*name).is_some_and(|value| text_of(value).is_none()) && !lost.contains(*name)
        };
        let texts: Vec<&str> = texts.into_iter().filter(is_empty).collect();
        let lists: Vec<&str> = lists.into_iter().filter(is_empty).collect();
        let patch: OrganisationPatch = checked(&patches::replacing(members, &texts, &lists))?;
        let changed = organisations::apply(&mut row, patch)?;
        entries::save(self.unit, &mut row, &changed)?;
        Ok((row.id.0, status_of(&changed)))
    }

    /// Whether a description is what an export, ours or another's, tells of an organisation that has none.
    fn is_kind(&self, description: &Value) -> bool {
        self.kinds
            .iter()
            .any(|Code { labels, .. }| [&labels.it, &labels.de, &labels.en].iter().any(|label| *description == **label))
    }

    /// Whose an entry is: the organisation it names, or the importing one where it names none of the file.
    fn owner(&self, item: &Item) -> ApiResult<OrganisationId> {
        match item.text("organization_id").and_then(|id| self.organisations.get(&id)) {
            Some(named) => named.ok_or_else(|| rejected_before("organization_id")),
            None => Ok(self.importer.id),
        }
    }

    fn program(&mut self, item: &Item) -> ApiResult<()> {
        let shaped = shaping::program(item);
        let outcome = self.kept_program(item, shaped.members);
        self.report.note(HsdsEntity::Program, item, shaped.lost, outcome).map(drop)
    }

    fn kept_program(&mut self, item: &Item, mut members: Members) -> ApiResult<(Uuid, ImportStatus)> {
        require_id(item)?;
        let known: Option<Program> = self.known(HsdsEntity::Program, item, Program::lock)?;
        // What an export tells of a program that has no description; one may say so of itself.
        let description = members.get("description");
        if description.is_some()
            && description == members.get("name")
            && known.as_ref().is_none_or(|row| row.description.as_deref() != description.and_then(Value::as_str))
        {
            members.remove("description");
        }
        let (row, status) = match known {
            Some(mut row) => {
                let patch: ProgramPatch =
                    checked(&patches::replacing(members, &["alternate_name", "description"], &[]))?;
                let changed = programs::apply(&mut row, patch)?;
                entries::save(self.unit, &mut row, &changed)?;
                (row, status_of(&changed))
            }
            None => {
                let new: NewProgram = checked(&of(self.owner(item)?, members))?;
                let row = programs::enter(self.unit, ProgramId::new(), new)?;
                self.remember(HsdsEntity::Program, item, row.id.0)?;
                (row, ImportStatus::Created)
            }
        };
        self.programs.insert(item.id.clone(), (row.id, row.organisation_id));
        Ok((row.id.0, status))
    }

    /// The program that a service of an organisation names, where it is that organisation's: of this file, of an earlier one, or by the
    /// id that it has here. What cannot be found changes nothing.
    fn program_of(
        &mut self,
        item: &Item,
        organisation: OrganisationId,
        lost: &mut BTreeSet<String>,
    ) -> ApiResult<Patch<ProgramId>> {
        let Some(named) = item.text("program_id") else { return Ok(Patch::Remove) };
        let found = match self.programs.get(&named) {
            Some(found) => Some(*found),
            None => {
                let imported = sources::row(self.unit.connection, self.importer.id, HsdsEntity::Program, &named)?;
                let id = imported.or_else(|| Uuid::parse_str(&named).ok()).map(ProgramId::from);
                let row = id.map(|id| Program::find(self.unit.connection, id)).transpose()?.flatten();
                row.map(|row| (row.id, row.organisation_id))
            }
        };
        if let Some((id, _)) = found.filter(|(_, owner)| *owner == organisation) {
            return Ok(Patch::Set(id));
        }
        lost.insert("program_id".to_owned());
        Ok(Patch::Keep)
    }

    fn location(&mut self, item: &Item) -> ApiResult<()> {
        let mut shaped = shaping::location(item);
        fitting::fit_links(&mut shaped.members, "", &mut shaped.lost);
        let lost = shaped.lost.clone();
        let outcome = self.kept_location(item, shaped);
        let id = self.report.note(HsdsEntity::Location, item, lost, outcome)?;
        self.locations.extend(id.map(|id| (item.id.clone(), LocationId(id))));
        Ok(())
    }

    fn kept_location(&mut self, item: &Item, shaped: Shaped) -> ApiResult<(Uuid, ImportStatus)> {
        require_id(item)?;
        let Some(mut row) = self.known(HsdsEntity::Location, item, LocationRow::lock)? else {
            let new: NewLocation = checked(&of(self.owner(item)?, shaped.members))?;
            let row = location_handlers::enter(self.unit, LocationId::new(), new)?;
            self.remember(HsdsEntity::Location, item, row.id.0)?;
            return Ok((row.id.0, ImportStatus::Created));
        };
        let texts = ["name", "alternate_name", "description", "transportation", "url", "latitude", "longitude"];
        let lists = ["addresses", "phones", "schedules", "languages", "accessibility", "contacts"];
        let texts = patches::told(&texts, &shaped.lost);
        let patch: LocationPatch = checked(&patches::replacing(shaped.members, &texts, &lists))?;
        let changed = locations::apply(&mut row, patch)?;
        entries::save(self.unit, &mut row, &changed)?;
        Ok((row.id.0, status_of(&changed)))
    }

    fn service(&mut self, item: &Item) -> ApiResult<()> {
        let mut shaped = shaping::service(item, &self.unit.app.codes);
        fitting::fit_links(&mut shaped.members, "", &mut shaped.lost);
        let mut lost = std::mem::take(&mut shaped.lost);
        let outcome = self.kept_service(item, shaped, &mut lost);
        let id = self.report.note(HsdsEntity::Service, item, lost, outcome)?;
        self.services.extend(id.map(|id| (item.id.clone(), ServiceId(id))));
        Ok(())
    }

    fn kept_service(
        &mut self,
        item: &Item,
        mut shaped: Shaped,
        lost: &mut BTreeSet<String>,
    ) -> ApiResult<(Uuid, ImportStatus)> {
        require_id(item)?;
        let known: Option<ServiceRow> = self.known(HsdsEntity::Service, item, ServiceRow::lock)?;
        let organisation = known.as_ref().map_or_else(|| self.owner(item), |row| Ok(row.organisation_id))?;
        match self.program_of(item, organisation, lost)? {
            Patch::Set(id) => drop(shaped.members.insert("program_id".into(), json!(id))),
            Patch::Remove if known.is_some() => drop(shaped.members.insert("program_id".into(), Value::Null)),
            Patch::Remove | Patch::Keep => {}
        }
        match known {
            Some(row) => self.edited_service(row, shaped, lost),
            None => self.new_service(item, organisation, shaped),
        }
    }

    fn new_service(&mut self, item: &Item, owner: OrganisationId, shaped: Shaped) -> ApiResult<(Uuid, ImportStatus)> {
        let provider = if owner == self.importer.id { "internal" } else { "external" };
        let service_type = shaped.service_type.or_else(|| self.service_type.clone());
        let service_type = service_type.ok_or_else(|| {
            ApiError::invalid_member("service_type", "is not told: say service_type for those that are not classified")
        })?;
        let mut members = shaped.members;
        members.insert("service_type".into(), service_type.into());
        members.insert("provider_kind".into(), provider.into());
        members.insert("eligibility".into(), json!({"target_groups": shaped.target_groups.unwrap_or_default()}));
        let new: NewService = checked(&of(owner, members))?;
        let row = service_handlers::enter(self.unit, ServiceId::new(), new)?;
        self.remember(HsdsEntity::Service, item, row.id.0)?;
        Ok((row.id.0, ImportStatus::Created))
    }

    /// What HSDS does not tell of a service stays as it is.
    fn edited_service(
        &mut self,
        mut row: ServiceRow,
        shaped: Shaped,
        lost: &BTreeSet<String>,
    ) -> ApiResult<(Uuid, ImportStatus)> {
        let texts = [
            "alternate_name",
            "description",
            "url",
            "email",
            "interpretation_services",
            "application_process",
            "fees_description",
            "wait_time",
            "accreditations",
            "licenses",
            "eligibility_description",
            "alert",
            "minimum_age",
            "maximum_age",
        ];
        let lists = [
            "phones",
            "schedules",
            "service_areas",
            "languages",
            "funding",
            "cost_options",
            "required_documents",
            "contacts",
        ];
        let mut members = patches::replacing(shaped.members, &patches::told(&texts, lost), &lists);
        patches::keep_territories(&row, &mut members)?;
        members.extend(shaped.service_type.map(|code| ("service_type".to_owned(), code.into())));
        members.extend(shaped.target_groups.map(|groups| ("eligibility".to_owned(), json!({"target_groups": groups}))));
        let patch: ServicePatch = checked(&members)?;
        let changed = services::apply(&mut row, patch)?;
        entries::save(self.unit, &mut row, &changed)?;
        Ok((row.id.0, status_of(&changed)))
    }

    fn placement(&mut self, item: &Item) -> ApiResult<()> {
        let mut shaped = shaping::placement(item);
        fitting::fit_links(&mut shaped.members, "", &mut shaped.lost);
        let lost = shaped.lost.clone();
        let outcome = self.kept_placement(item, shaped.members);
        self.report.note(HsdsEntity::ServiceAtLocation, item, lost, outcome).map(drop)
    }

    fn kept_placement(&mut self, item: &Item, mut members: Members) -> ApiResult<(Uuid, ImportStatus)> {
        require_id(item)?;
        let known = self.known(HsdsEntity::ServiceAtLocation, item, ServiceAtLocationRow::lock)?;
        let service = item.text("service_id").and_then(|id| self.services.get(&id).copied());
        let service = service.ok_or_else(|| rejected_before("service_id"))?;
        let location = item.text("location_id").and_then(|id| self.locations.get(&id).copied());
        let location = location.ok_or_else(|| rejected_before("location_id"))?;
        if let Some(mut row) = known.filter(|row| (row.service_id, row.location_id) == (service, location)) {
            let patch: ServiceAtLocationPatch =
                checked(&patches::replacing(members, &["description"], &["phones", "schedules", "contacts"]))?;
            let changed = service_at_locations::apply(&mut row, patch)?;
            entries::save(self.unit, &mut row, &changed)?;
            return Ok((row.id.0, status_of(&changed)));
        }
        let service = ServiceRow::lock(self.unit.connection, service)?.ok_or_else(|| rejected_before("service_id"))?;
        members.insert("location_id".into(), json!(location));
        let new: NewServiceAtLocation = checked(&members)?;
        let row = service_at_locations::place(self.unit, &service, ServiceAtLocationId::new(), new)?;
        self.remember(HsdsEntity::ServiceAtLocation, item, row.id.0)?;
        Ok((row.id.0, ImportStatus::Created))
    }
}

fn status_of(changed: &[&'static str]) -> ImportStatus {
    if changed.is_empty() { ImportStatus::Unchanged } else { ImportStatus::Updated }
}

fn of(owner: OrganisationId, mut members: Members) -> Members {
    members.insert("organisation_id".into(), json!(owner));
    members
}

/// The names of what a file tells of an organisation that says something else of itself.
fn told_otherwise(mut row: OrganisationRow, mut members: Members) -> ApiResult<Vec<String>> {
    // It may be a name that would not fit.
    let name = members.remove("name").filter(|name| *name != row.name).map(|_| "name");
    let patch: OrganisationPatch = checked(&members)?;
    let changed = organisations::apply(&mut row, patch)?;
    Ok(name.into_iter().chain(changed).map(str::to_owned).collect())
}

/// The organisation that imports or exports; 404 where there is none.
pub fn organisation(connection: &mut Connection, id: OrganisationId) -> ApiResult<OrganisationRow> {
    OrganisationRow::find(connection, id)?.ok_or_else(ApiError::not_found)
}
