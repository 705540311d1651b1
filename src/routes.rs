//! Every path of the API, once.

use actix_web::web;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::access::{api_clients, auth, grants, me, users};
use crate::agreements::{handlers as agreements, transitions as agreement_transitions};
use crate::attachments::{content as attachment_content, handlers as attachments};
use crate::cases::{
    appointment_transitions, appointments, assessment_transitions, assessments, by_external_id as cases_by_external_id,
    goal_transitions, goals, handlers as cases, history, household_members as case_household_members, list, notes,
    pathway_template_transitions, pathway_templates, pathway_transitions, pathways, plan_transitions, plans, task_list,
    task_transitions, tasks, transitions, worklist, workloads,
};
use crate::codes;
use crate::consents::{checks as consent_checks, handlers as consents, transitions as consent_transitions};
use crate::directory::{
    capacities, location_handlers as locations, matches, organisation_handlers as organisations, service_at_locations,
    service_handlers as services, translation_handlers as translations, verifications,
};
use crate::hsds::exchange::{exports as directory_exports, imports as directory_imports};
use crate::networks::{
    graph as network_graph, handlers as networks, meeting_handlers as network_meetings, members as network_members,
};
use crate::operations::{sandbox, status};
use crate::people::{
    by_external_id as people_by_external_id, contacts, export, handlers as people, household_list, household_members,
    households, legal_status_transitions, legal_statuses, processing, relations, reminders,
};
use crate::referrals::{
    claims as referral_claims, extensions as referral_extensions, forwards as referral_forwards, handlers as referrals,
    list as referral_list,
    partner_links::{answers as partner_answers, exchanges as partner_exchanges, handlers as partner_links},
    statistics as referral_statistics, transitions as referral_transitions,
};
use crate::shared_accesses::{
    handlers as shared_accesses, list as shared_access_list, transitions as shared_access_transitions,
};
use crate::sync::{audit, changes};
use crate::territory::{memberships, territories};
use crate::transfers::{
    frozen as transfer_records, handlers as transfers, list as transfer_list, transitions as transfer_transitions,
};

/// Tells the router and the contract of the same handlers. The router needs none of their descriptions: these are collected where the
/// contract is printed, not at every start.
macro_rules! operations {
    ($($handler:path),* $(,)?) => {
        /// The operations, for the contract.
        pub fn contract(config: &mut ServiceConfig<'_>) {
            config$(.service($handler))*;
        }

        /// The operations, for the router.
        pub fn serve(config: &mut web::ServiceConfig) {
            config$(.service($handler))*;
        }
    };
}

// Fixed segments stand before variable ones.
operations! {
    // Cases and tasks: first, because the router tries one pattern after the other.
    list::list_cases,
    cases::create_case,
    cases_by_external_id::read_case_by_external_id,
    cases_by_external_id::upsert_case_by_external_id,
    cases::read_case,
    cases::edit_case,
    transitions::list_case_transitions,
    transitions::create_case_transition,
    transitions::read_case_transition,
    history::list_case_history,
    history::list_case_accesses,
    tasks::list_tasks,
    tasks::create_task,
    task_list::list_tasks_of_all_cases,
    tasks::read_task,
    tasks::edit_task,
    task_transitions::create_task_transition,
    appointments::list_appointments,
    appointments::create_appointment,
    appointments::read_appointment,
    appointments::edit_appointment,
    appointment_transitions::create_appointment_transition,
    pathways::list_pathways,
    pathways::create_pathway,
    pathways::read_pathway,
    pathways::edit_pathway,
    pathway_transitions::create_pathway_transition,
    pathway_templates::list_pathway_templates,
    pathway_templates::create_pathway_template,
    pathway_templates::read_pathway_template,
    pathway_templates::edit_pathway_template,
    pathway_template_transitions::create_pathway_template_transition,
    worklist::list_worklist,
    worklist::delete_unread_changes,
    workloads::list_workloads,
    status::read_status,
    sandbox::read_sandbox_clock,
    sandbox::replace_sandbox_clock,
    // Access
    auth::create_token,
    auth::revoke_token,
    auth::create_password,
    me::read_me,
    me::create_my_password,
    users::list_users,
    users::create_user,
    users::read_user,
    users::edit_user,
    users::create_password_reset,
    api_clients::list_api_clients,
    api_clients::create_api_client,
    api_clients::read_api_client,
    api_clients::edit_api_client,
    api_clients::create_api_client_secret,
    grants::list_grants,
    grants::create_grant,
    grants::read_grant,
    grants::delete_grant,
    // Directory, territory, code lists
    organisations::list_organisations,
    organisations::create_organisation,
    organisations::read_organisation,
    organisations::edit_organisation,
    directory_imports::create_directory_import,
    directory_exports::list_directory_exports,
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
    service_at_locations::read_service_at_location,
    service_at_locations::edit_service_at_location,
    service_at_locations::delete_service_at_location,
    locations::list_locations,
    locations::create_location,
    locations::read_location,
    locations::edit_location,
    networks::list_networks,
    networks::create_network,
    networks::read_network,
    networks::edit_network,
    network_graph::read_network_graph,
    network_members::list_network_members,
    network_members::create_network_member,
    network_members::read_network_member,
    network_members::edit_network_member,
    network_members::delete_network_member,
    network_meetings::list_network_meetings,
    network_meetings::create_network_meeting,
    network_meetings::read_network_meeting,
    network_meetings::edit_network_meeting,
    network_meetings::delete_network_meeting,
    territories::list_territories,
    territories::create_territory,
    territories::read_territory,
    territories::edit_territory,
    memberships::list_memberships,
    memberships::create_membership,
    memberships::read_membership,
    memberships::edit_membership,
    codes::lists::list_code_lists,
    codes::lists::read_code_list,
    codes::versions::list_code_list_versions,
    codes::versions::create_code_list_version,
    codes::versions::read_code_list_version,
    // People
    people::search_people,
    people::create_person,
    people_by_external_id::read_person_by_external_id,
    people_by_external_id::upsert_person_by_external_id,
    people::read_person,
    people::edit_person,
    processing::create_person_transition,
    export::read_person_export,
    contacts::list_contacts,
    contacts::create_contact,
    contacts::read_contact,
    contacts::edit_contact,
    contacts::delete_contact,
    relations::list_relations,
    relations::create_relation,
    relations::read_relation,
    relations::edit_relation,
    relations::delete_relation,
    household_list::list_households,
    households::create_household,
    households::read_household,
    households::edit_household,
    household_members::list_household_members,
    household_members::create_household_member,
    household_members::list_person_households,
    household_members::read_household_member,
    household_members::edit_household_member,
    case_household_members::list_case_household_members,
    case_household_members::create_case_household_member,
    case_household_members::read_case_household_member,
    case_household_members::delete_case_household_member,
    legal_statuses::list_legal_statuses,
    legal_statuses::create_legal_status,
    legal_statuses::read_legal_status,
    legal_statuses::edit_legal_status,
    legal_status_transitions::create_legal_status_transition,
    reminders::list_reminders,
    reminders::read_reminder,
    reminders::create_reminder_transition,
    // Agreements
    agreements::list_agreements,
    agreements::create_agreement,
    agreements::read_agreement,
    agreements::edit_agreement,
    agreement_transitions::create_agreement_transition,
    // Referrals
    referral_list::list_referrals,
    referrals::create_referral,
    referral_statistics::read_referral_statistics,
    referrals::read_referral,
    referrals::edit_referral,
    referrals::read_referral_package,
    referral_transitions::list_referral_transitions,
    referral_transitions::create_referral_transition,
    referral_claims::create_referral_claim,
    referral_forwards::create_referral_forward,
    referral_extensions::create_referral_extension,
    // Transfers
    transfer_list::list_transfers,
    transfers::create_transfer,
    transfers::read_transfer,
    transfers::read_transfer_package,
    transfer_records::read_transfer_record,
    transfer_transitions::list_transfer_transitions,
    transfer_transitions::create_transfer_transition,
    // Shared accesses
    shared_access_list::list_shared_accesses,
    shared_accesses::create_shared_access,
    shared_accesses::read_shared_access,
    shared_accesses::read_shared_access_package,
    shared_access_transitions::list_shared_access_transitions,
    shared_access_transitions::create_shared_access_transition,
    partner_links::list_partner_links,
    partner_links::create_partner_link,
    partner_exchanges::create_partner_link_exchange,
    partner_answers::create_partner_link_answer,
    partner_links::read_partner_link,
    partner_links::create_partner_link_revocation,
    // Consents
    consents::list_consents,
    consents::create_consent,
    consent_checks::create_consent_check,
    consents::read_consent,
    consent_transitions::list_consent_transitions,
    consent_transitions::create_consent_transition,
    notes::list_notes,
    notes::create_note,
    notes::read_note,
    notes::edit_note,
    notes::delete_note,
    attachments::list_attachments,
    attachments::create_attachment,
    attachment_content::replace_attachment_content,
    attachment_content::read_attachment_content,
    attachments::read_attachment,
    attachments::edit_attachment,
    attachments::delete_attachment,
    // Assessments, goals and plans
    assessments::list_assessments,
    assessments::create_assessment,
    assessments::read_assessment,
    assessments::edit_assessment,
    assessment_transitions::create_assessment_transition,
    assessments::read_assessment_delta,
    goals::list_goals,
    goals::create_goal,
    goals::read_goal,
    goals::edit_goal,
    goal_transitions::create_goal_transition,
    plans::list_plans,
    plans::create_plan,
    plans::read_plan,
    plans::edit_plan,
    plan_transitions::create_plan_transition,
    // Sync and audit
    changes::list_changes,
    audit::list_audit_records,
    audit::list_audit_seals,
}
