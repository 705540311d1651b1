//! Every path of the API, once.

use actix_web::guard::{GuardContext, fn_guard};
use actix_web::web;
use percent_encoding::percent_decode_str;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::access::{api_clients, auth, grants, me, users};
use crate::agreements::{handlers as agreements, transitions as agreement_transitions};
use crate::app::MOUNT;
use crate::attachments::{content as attachment_content, handlers as attachments};
use crate::cases::{
    appointment_transitions, appointments, assessment_transitions, assessments, by_external_id as cases_by_external_id,
    goal_transitions, goals, handlers as cases, history, household_members as case_household_members, list, notes,
    pathway_template_transitions, pathway_templates, pathway_transitions, pathways, plan_transitions, plans, task_list,
    task_transitions, tasks, transitions, worklist, workloads,
};
use crate::changes;
use crate::codes;
use crate::consents::{checks as consent_checks, handlers as consents, transitions as consent_transitions};
use crate::directory::{
    capacities, location_handlers as locations, matches, organisation_handlers as organisations, programs,
    service_at_locations, service_handlers as services, translation_handlers as translations, verifications,
};
use crate::discrimination::{
    anonymisations as discrimination_anonymisations, follow_ups as discrimination_follow_ups,
    handlers as discrimination_reports, list as discrimination_report_list, messages as discrimination_messages,
    statistics as discrimination_statistics, submissions as discrimination_submissions,
    transitions as discrimination_transitions,
};
use crate::evaluations::{
    contribution_texts as evaluation_contribution_texts,
    contribution_transitions as evaluation_contribution_transitions, contributions as evaluation_contributions,
    handlers as evaluation_rounds, theme_handlers as evaluation_themes, transitions as evaluation_round_transitions,
};
use crate::hsds::exchange::{exports as directory_exports, imports as directory_imports};
use crate::networks::{
    graph as network_graph, handlers as networks, meeting_handlers as network_meetings, members as network_members,
};
use crate::objectives::{
    activity_handlers as activities, activity_transitions, handlers as objectives, results as activity_results,
};
use crate::observatory::{
    catalogue, codelists, dataset_handlers, imports,
    indicators::{charts as indicator_charts, handlers as indicators, values as indicator_values},
    observations,
    observatories::{handlers as observatories, watched as observatory_entries},
    operational::handlers as operational,
    queries::handlers as observation_searches,
    release_transitions, releases,
};
use crate::operations::{sandbox, status};
use crate::people::{
    by_external_id as people_by_external_id, contacts, export, handlers as people, household_list, household_members,
    households, legal_status_transitions, legal_statuses, processing, relations, reminders,
};
use crate::policy_documents::{handlers as policy_documents, measure_handlers as policy_measures};
use crate::profile as territory_profile;
use crate::referrals::{
    claims as referral_claims, extensions as referral_extensions, forwards as referral_forwards, handlers as referrals,
    list as referral_list,
    partner_links::{answers as partner_answers, exchanges as partner_exchanges, handlers as partner_links},
    statistics as referral_statistics, transitions as referral_transitions,
};
use crate::shared_accesses::{
    handlers as shared_accesses, list as shared_access_list, transitions as shared_access_transitions,
};
use crate::sync::audit;
use crate::territory::{
    codes as territory_codes, event_handlers as territory_events, figures as territory_figures, memberships,
    searches as territory_searches, territories,
};
use crate::transfer_requests::{
    handlers as transfer_requests, list as transfer_request_list, transitions as transfer_request_transitions,
};
use crate::transfers::{
    frozen as transfer_records, handlers as transfers, list as transfer_list,
    record_contents as transfer_record_contents, transitions as transfer_transitions,
};

/// Tells the router and the contract of the same handlers, by the first segment of their addresses. The router tries one pattern after the
/// other, so it is led to the few that begin like the address. It needs none of their descriptions: these are collected where
/// the contract is printed, not at every start.
macro_rules! operations {
    ($($first:literal: [$($handler:path),* $(,)?]),* $(,)?) => {
        /// The operations, for the contract.
        pub fn contract(config: &mut ServiceConfig<'_>) {
            config$($(.service($handler))*)*;
        }

        /// The operations, for the router.
        pub fn serve(config: &mut web::ServiceConfig) {
            config$(.service(web::scope("").guard(fn_guard(|request| begins(request, $first)))$(.service($handler))*))*;
        }
    };
}

/// Whether the first segment below the mount is this one, also where it is written with escapes.
fn begins(request: &GuardContext<'_>, first: &str) -> bool {
    let below = request.head().uri.path().strip_prefix(MOUNT).and_then(|path| path.strip_prefix('/'));
    let segment = below.and_then(|path| path.split('/').next());
    segment.is_some_and(|segment| {
        segment == first || segment.contains('%') && percent_decode_str(segment).eq(first.bytes())
    })
}

// Fixed segments stand before variable ones.
operations! {
    "cases": [
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
        appointments::list_appointments,
        appointments::create_appointment,
        pathways::list_pathways,
        pathways::create_pathway,
        case_household_members::list_case_household_members,
        case_household_members::create_case_household_member,
        notes::list_notes,
        notes::create_note,
        attachments::list_attachments,
        attachments::create_attachment,
        assessments::list_assessments,
        assessments::create_assessment,
        goals::list_goals,
        goals::create_goal,
        plans::list_plans,
        plans::create_plan,
    ],
    "tasks": [
        task_list::list_tasks_of_all_cases,
        tasks::read_task,
        tasks::edit_task,
        task_transitions::create_task_transition,
    ],
    "appointments": [
        appointments::read_appointment,
        appointments::edit_appointment,
        appointment_transitions::create_appointment_transition,
    ],
    "pathways": [
        pathways::read_pathway,
        pathways::edit_pathway,
        pathway_transitions::create_pathway_transition,
    ],
    "pathway-templates": [
        pathway_templates::list_pathway_templates,
        pathway_templates::create_pathway_template,
        pathway_templates::read_pathway_template,
        pathway_templates::edit_pathway_template,
        pathway_template_transitions::create_pathway_template_transition,
    ],
    "me": [
        worklist::list_worklist,
        worklist::delete_unread_changes,
        me::read_me,
        me::create_my_password,
    ],
    "workloads": [
        workloads::list_workloads,
    ],
    "status": [
        status::read_status,
    ],
    "sandbox": [
        sandbox::read_sandbox_clock,
        sandbox::replace_sandbox_clock,
    ],
    "auth": [
        auth::create_token,
        auth::revoke_token,
        auth::create_password,
    ],
    "users": [
        users::list_users,
        users::create_user,
        users::read_user,
        users::edit_user,
        users::create_password_reset,
    ],
    "api-clients": [
        api_clients::list_api_clients,
        api_clients::create_api_client,
        api_clients::read_api_client,
        api_clients::edit_api_client,
        api_clients::create_api_client_secret,
    ],
    "grants": [
        grants::list_grants,
        grants::create_grant,
        grants::read_grant,
        grants::delete_grant,
    ],
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
    "policy-documents": [
        policy_documents::list_policy_documents,
        policy_documents::create_policy_document,
        policy_documents::read_policy_document,
        policy_documents::edit_policy_document,
        policy_measures::list_policy_measures,
        policy_measures::create_policy_measure,
    ],
    "policy-measures": [
        policy_measures::read_policy_measure,
        policy_measures::edit_policy_measure,
        policy_measures::delete_policy_measure,
    ],
    "catalog": [
        catalogue::read_catalogue,
    ],
    "datasets": [
        dataset_handlers::list_datasets,
        dataset_handlers::create_dataset,
        dataset_handlers::read_dataset,
        dataset_handlers::edit_dataset,
        codelists::list_dataset_codes,
        codelists::upsert_dataset_codes,
        releases::list_dataset_releases,
        observations::list_observations,
        observation_searches::search_observations,
        imports::handlers::create_import_proposal,
        operational::create_computation,
    ],
    "dataset-releases": [
        releases::read_dataset_release,
        release_transitions::create_dataset_release_transition,
    ],
    "indicators": [
        indicators::list_indicators,
        indicators::create_indicator,
        indicators::read_indicator,
        indicators::edit_indicator,
        indicator_values::read_indicator_values,
        indicator_charts::read_indicator_chart,
    ],
    "observatories": [
        observatories::list_observatories,
        observatories::create_observatory,
        observatories::read_observatory,
        observatories::edit_observatory,
        observatory_entries::list_observatory_entries,
        observatory_entries::create_observatory_entry,
    ],
    "observatory-entries": [
        observatory_entries::read_observatory_entry,
        observatory_entries::delete_observatory_entry,
    ],
    "evaluation-rounds": [
        evaluation_rounds::list_evaluation_rounds,
        evaluation_rounds::create_evaluation_round,
        evaluation_rounds::read_evaluation_round,
        evaluation_rounds::edit_evaluation_round,
        evaluation_round_transitions::create_evaluation_round_transition,
        evaluation_contributions::list_evaluation_contributions,
        evaluation_contributions::create_evaluation_contribution,
        evaluation_themes::list_evaluation_themes,
        evaluation_themes::create_evaluation_theme,
    ],
    "evaluation-contributions": [
        evaluation_contributions::read_evaluation_contribution,
        evaluation_contribution_transitions::create_evaluation_contribution_transition,
        evaluation_contribution_texts::delete_evaluation_contribution_text,
    ],
    "evaluation-themes": [
        evaluation_themes::read_evaluation_theme,
        evaluation_themes::edit_evaluation_theme,
        evaluation_themes::delete_evaluation_theme,
    ],
    "discrimination-reports": [
        discrimination_report_list::list_discrimination_reports,
        discrimination_reports::create_discrimination_report,
        discrimination_submissions::create_discrimination_report_submission,
        discrimination_follow_ups::create_discrimination_report_follow_up,
        discrimination_statistics::read_discrimination_report_statistics,
        discrimination_reports::read_discrimination_report,
        discrimination_reports::read_discrimination_reporter,
        discrimination_transitions::list_discrimination_report_transitions,
        discrimination_transitions::create_discrimination_report_transition,
        discrimination_messages::list_discrimination_report_messages,
        discrimination_messages::create_discrimination_report_message,
        discrimination_anonymisations::create_discrimination_report_anonymisation,
    ],
    "objectives": [
        objectives::list_objectives,
        objectives::create_objective,
        objectives::read_objective,
        objectives::edit_objective,
        activities::list_activities,
        activities::create_activity,
    ],
    "activities": [
        activities::read_activity,
        activities::edit_activity,
        activity_transitions::create_activity_transition,
        activity_results::list_activity_results,
        activity_results::create_activity_result,
    ],
    "activity-results": [
        activity_results::read_activity_result,
        activity_results::delete_activity_result,
    ],
    "operational-sources": [
        operational::read_operational_sources,
    ],
    "data-imports": [
        imports::handlers::list_data_imports,
        imports::handlers::create_data_import,
        imports::handlers::read_data_import,
        imports::handlers::list_data_import_rejections,
        imports::content::replace_data_import_content,
    ],
    "territories": [
        territories::list_territories,
        territories::create_territory,
        territories::read_territory,
        territories::edit_territory,
        territory_codes::list_territory_codes,
        territory_codes::create_territory_code,
        territory_events::list_territory_events,
        territory_events::create_territory_event,
        territory_events::read_territory_event,
        territory_figures::list_territory_figures,
        territory_figures::create_territory_figure,
        territory_profile::read_territory_profile,
        territory_searches::search_territories,
        memberships::list_memberships,
        memberships::create_membership,
        memberships::read_membership,
        memberships::edit_membership,
    ],
    "code-lists": [
        codes::lists::list_code_lists,
        codes::lists::read_code_list,
        codes::versions::list_code_list_versions,
        codes::versions::create_code_list_version,
    ],
    "code-list-versions": [
        codes::versions::read_code_list_version,
    ],
    "people": [
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
        relations::list_relations,
        relations::create_relation,
        household_members::list_person_households,
        legal_statuses::list_legal_statuses,
        legal_statuses::create_legal_status,
        reminders::list_reminders,
        consents::list_consents,
        consents::create_consent,
        consent_checks::create_consent_check,
    ],
    "contacts": [
        contacts::read_contact,
        contacts::edit_contact,
        contacts::delete_contact,
    ],
    "relations": [
        relations::read_relation,
        relations::edit_relation,
        relations::delete_relation,
    ],
    "households": [
        household_list::list_households,
        households::create_household,
        households::read_household,
        households::edit_household,
        household_members::list_household_members,
        household_members::create_household_member,
    ],
    "household-members": [
        household_members::read_household_member,
        household_members::edit_household_member,
    ],
    "case-household-members": [
        case_household_members::read_case_household_member,
        case_household_members::delete_case_household_member,
    ],
    "legal-statuses": [
        legal_statuses::read_legal_status,
        legal_statuses::edit_legal_status,
        legal_status_transitions::create_legal_status_transition,
    ],
    "reminders": [
        reminders::read_reminder,
        reminders::create_reminder_transition,
    ],
    "agreements": [
        agreements::list_agreements,
        agreements::create_agreement,
        agreements::read_agreement,
        agreements::edit_agreement,
        agreement_transitions::create_agreement_transition,
    ],
    "referrals": [
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
        partner_links::list_partner_links,
        partner_links::create_partner_link,
    ],
    "transfers": [
        transfer_list::list_transfers,
        transfers::create_transfer,
        transfers::read_transfer,
        transfers::read_transfer_package,
        transfer_records::read_transfer_record,
        transfer_record_contents::read_transfer_record_content,
        transfer_transitions::list_transfer_transitions,
        transfer_transitions::create_transfer_transition,
    ],
    "transfer-requests": [
        transfer_request_list::list_transfer_requests,
        transfer_requests::create_transfer_request,
        transfer_requests::read_transfer_request,
        transfer_request_transitions::list_transfer_request_transitions,
        transfer_request_transitions::create_transfer_request_transition,
    ],
    "shared-accesses": [
        shared_access_list::list_shared_accesses,
        shared_accesses::create_shared_access,
        shared_accesses::read_shared_access,
        shared_accesses::read_shared_access_package,
        shared_access_transitions::list_shared_access_transitions,
        shared_access_transitions::create_shared_access_transition,
    ],
    "partner-links": [
        partner_exchanges::create_partner_link_exchange,
        partner_answers::create_partner_link_answer,
        partner_links::read_partner_link,
        partner_links::create_partner_link_revocation,
    ],
    "consents": [
        consents::read_consent,
        consent_transitions::list_consent_transitions,
        consent_transitions::create_consent_transition,
    ],
    "notes": [
        notes::read_note,
        notes::edit_note,
        notes::delete_note,
    ],
    "attachments": [
        attachment_content::replace_attachment_content,
        attachment_content::read_attachment_content,
        attachments::read_attachment,
        attachments::edit_attachment,
        attachments::delete_attachment,
    ],
    "assessments": [
        assessments::read_assessment,
        assessments::edit_assessment,
        assessment_transitions::create_assessment_transition,
        assessments::read_assessment_delta,
    ],
    "goals": [
        goals::read_goal,
        goals::edit_goal,
        goal_transitions::create_goal_transition,
    ],
    "plans": [
        plans::read_plan,
        plans::edit_plan,
        plan_transitions::create_plan_transition,
    ],
    "changes": [
        changes::list_changes,
    ],
    "audit-records": [
        audit::list_audit_records,
    ],
    "audit-seals": [
        audit::list_audit_seals,
    ],
}
