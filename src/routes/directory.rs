//! Paths of organisations, services, locations and networks.

use crate::directory::{
    capacities, location_handlers as locations, matches, organisation_handlers as organisations, programs,
    service_at_locations, service_handlers as services, translation_handlers as translations, verifications,
};
use crate::hsds::{exchange::exports as directory_exports, exchange::imports as directory_imports};
use crate::networks::{
    graph as network_graph, handlers as networks, meeting_handlers as network_meetings, members as network_members,
};

operations! {
    "organisations": [
        organisations::list_organisations,
        organisations::create_organisation,
        organisations::read_organisation,
        organisations::edit_organisation,
        translations::list_organisation_translations,
        translations::read_organisation_translation,
        translations::replace_organisation_translation,
        translations::delete_organisation_translation,
        directory_imports::create_directory_import,
        directory_exports::list_directory_exports,
    ],
    "services": [
        services::list_services,
        services::create_service,
        matches::search_services,
        services::read_service,
        services::edit_service,
        capacities::read_service_capacity,
        capacities::replace_service_capacity,
        verifications::list_service_verifications,
        verifications::create_service_verification,
        translations::list_service_translations,
        translations::read_service_translation,
        translations::replace_service_translation,
        translations::delete_service_translation,
        service_at_locations::list_service_at_locations,
        service_at_locations::create_service_at_location,
    ],
    "service-at-locations": [
        service_at_locations::read_service_at_location,
        service_at_locations::edit_service_at_location,
        service_at_locations::delete_service_at_location,
    ],
    "programs": [
        programs::list_programs,
        programs::create_program,
        programs::read_program,
        programs::edit_program,
        translations::list_program_translations,
        translations::read_program_translation,
        translations::replace_program_translation,
        translations::delete_program_translation,
    ],
    "locations": [
        locations::list_locations,
        locations::create_location,
        locations::read_location,
        locations::edit_location,
        translations::list_location_translations,
        translations::read_location_translation,
        translations::replace_location_translation,
        translations::delete_location_translation,
    ],
    "networks": [
        networks::list_networks,
        networks::create_network,
        networks::read_network,
        networks::edit_network,
        network_graph::read_network_graph,
        network_members::list_network_members,
        network_members::create_network_member,
        network_meetings::list_network_meetings,
        network_meetings::create_network_meeting,
    ],
    "network-members": [
        network_members::read_network_member,
        network_members::edit_network_member,
        network_members::delete_network_member,
    ],
    "network-meetings": [
        network_meetings::read_network_meeting,
        network_meetings::edit_network_meeting,
        network_meetings::delete_network_meeting,
    ],
}
