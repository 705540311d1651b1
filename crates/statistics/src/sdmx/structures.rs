//! Dataflows, data structures, codelists and concept schemes.

use approdo_db::{Connection, Timestamp};
use approdo_sdmx::request::{ArtefactQuery, References, Resource, Selection};
use approdo_sdmx::{ArtefactId, Structures};

use crate::error::ApiResult;
use crate::sdmx::asked::brings;
use crate::sdmx::flows;

/// Reads what is asked for, with what it refers to or what refers to it.
pub fn read(
    connection: &mut Connection,
    now: Timestamp,
    resource: Resource,
    asked: &ArtefactQuery,
    items: &Selection,
    references: References,
) -> ApiResult<Structures> {
    let mut found = Structures::default();
    if resource == Resource::AgencyScheme {
        let agency = flows::agency();
        let scheme = ArtefactId::new("SDMX", "AGENCIES", "1.0");
        // Clients ask for the scheme of the agency that they read from.
        let of_us = ArtefactId::new(flows::AGENCY, "AGENCIES", "1.0");
        if (asked.has(&scheme, true) || asked.has(&of_us, true)) && items.has(&agency.id) {
            found.agencies.push(agency);
        }
        return Ok(found);
    }
    let mut with_statuses = false;
    for flow in flows::all(connection, now)? {
        let structure = flow.structure();
        let has = |artefact: &ArtefactId| asked.has(artefact, true);
        let lists = if brings(resource, references, Resource::Codelist) {
            flow.codelists(connection, if resource == Resource::Codelist { items } else { &Selection::All })?
        } else {
            Vec::new()
        };
        let is_asked = match resource {
            Resource::Dataflow => has(&flow.artefact()),
            Resource::DataStructure => has(&structure.artefact),
            Resource::ConceptScheme => has(&structure.concept_scheme),
            Resource::Codelist => lists.iter().any(|list| has(&list.artefact)),
            Resource::AgencyScheme => false,
        };
        if !is_asked {
            continue;
        }
        if brings(resource, references, Resource::Dataflow) {
            found.dataflows.push(flow.dataflow());
        }
        if brings(resource, references, Resource::ConceptScheme) {
            let mut scheme = structure.concepts();
            if resource == Resource::ConceptScheme {
                scheme.concepts.retain(|concept| items.has(&concept.id));
            }
            found.concept_schemes.push(scheme);
        }
        if resource == Resource::Codelist {
            let all = references.bring(resource, Resource::Codelist);
            found.codelists.extend(lists.into_iter().filter(|list| all || has(&list.artefact)));
            with_statuses |= all;
        } else if references.bring(resource, Resource::Codelist) {
            found.codelists.extend(lists);
            with_statuses = true;
        }
        if brings(resource, references, Resource::DataStructure) {
            found.data_structures.push(structure);
        }
    }
    for list in flows::of_statuses() {
        if with_statuses || resource == Resource::Codelist && asked.has(&list.artefact, true) {
            found.codelists.push(list);
        }
    }
    Ok(found)
}
