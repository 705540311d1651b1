//! A walk over every operation of the contract: without a token, in each role, on another municipality's rows, with its example.

use std::collections::BTreeSet;

use approdo::access::Role;
use approdo::access::policy::{self, Action, Resource};
use serde_json::Value;

use super::answer::keeps_the_contract;
use super::spec::{Operation, operation, operations};
use super::stage::{Stage, call, fill};
use crate::both;
use crate::support::World;
use crate::support::http::Answer;

/// What each operation does to what, as the policy names it. Open operations ask for nothing.
const PERMISSIONS: &[(&str, Option<(Action, Resource)>)] = {
    use Action::{Create, Delete, Edit, List, Read, Search, Transition};
    use Resource as R;
    &[
        ("list_api_clients", Some((List, R::ApiClients))),
        ("create_api_client", Some((Create, R::ApiClients))),
        ("read_api_client", Some((Read, R::ApiClients))),
        ("edit_api_client", Some((Edit, R::ApiClients))),
        ("create_api_client_secret", Some((Edit, R::ApiClients))),
        ("list_audit_records", Some((List, R::AuditRecords))),
        ("list_audit_seals", Some((List, R::AuditSeals))),
        ("create_password", None),
        ("revoke_token", None),
        ("create_token", None),
        ("list_cases", Some((List, R::Cases))),
        ("create_case", Some((Create, R::Cases))),
        ("read_case", Some((Read, R::Cases))),
        ("edit_case", Some((Edit, R::Cases))),
        ("list_case_accesses", Some((List, R::CaseAccesses))),
        ("list_case_history", Some((List, R::CaseHistory))),
        ("list_tasks", Some((List, R::Tasks))),
        ("list_tasks_of_all_cases", Some((List, R::Tasks))),
        ("create_task", Some((Create, R::Tasks))),
        ("list_case_transitions", Some((Read, R::Cases))),
        ("create_case_transition", Some((Transition, R::Cases))),
        ("read_case_transition", Some((Read, R::Cases))),
        ("list_changes", Some((List, R::Changes))),
        ("list_code_lists", Some((List, R::CodeLists))),
        ("read_code_list", Some((Read, R::CodeLists))),
        ("list_code_list_versions", Some((Read, R::CodeLists))),
        ("create_code_list_version", Some((Create, R::CodeLists))),
        ("read_code_list_version", Some((Read, R::CodeLists))),
        ("list_grants", Some((List, R::Grants))),
        ("create_grant", Some((Create, R::Grants))),
        ("delete_grant", Some((Delete, R::Grants))),
        ("read_grant", Some((Read, R::Grants))),
        ("read_me", Some((Read, R::Me))),
        ("create_my_password", Some((Edit, R::Me))),
        ("list_organisations", Some((List, R::Organisations))),
        ("create_organisation", Some((Create, R::Organisations))),
        ("read_organisation", Some((Read, R::Organisations))),
        ("edit_organisation", Some((Edit, R::Organisations))),
        ("create_directory_import", Some((Create, R::Services))),
        ("list_directory_exports", Some((List, R::Services))),
        ("create_person", Some((Create, R::People))),
        ("search_people", Some((Search, R::People))),
        ("read_person", Some((Read, R::People))),
        ("edit_person", Some((Edit, R::People))),
        ("read_status", None),
        ("list_agreements", Some((List, R::Agreements))),
        ("create_agreement", Some((Create, R::Agreements))),
        ("read_agreement", Some((Read, R::Agreements))),
        ("edit_agreement", Some((Edit, R::Agreements))),
        ("create_agreement_transition", Some((Transition, R::Agreements))),
        ("list_referrals", Some((List, R::Referrals))),
        ("create_referral", Some((Create, R::Referrals))),
        ("read_referral_statistics", Some((List, R::Referrals))),
        ("read_referral", Some((Read, R::Referrals))),
        ("edit_referral", Some((Edit, R::Referrals))),
        ("read_referral_package", Some((Read, R::ReferralPackages))),
        ("list_referral_transitions", Some((Read, R::Referrals))),
        ("create_referral_transition", Some((Transition, R::Referrals))),
        ("create_referral_claim", Some((Transition, R::Referrals))),
        ("create_referral_forward", Some((Transition, R::Referrals))),
        ("create_referral_extension", Some((Transition, R::Referrals))),
        ("list_transfers", Some((List, R::Transfers))),
        ("create_transfer", Some((Create, R::Transfers))),
        ("read_transfer", Some((Read, R::Transfers))),
        ("read_transfer_package", Some((Read, R::TransferPackages))),
        ("read_transfer_record", Some((Read, R::TransferRecords))),
        ("read_transfer_record_content", Some((Read, R::TransferRecords))),
        ("list_transfer_transitions", Some((Read, R::Transfers))),
        ("create_transfer_transition", Some((Transition, R::Transfers))),
        ("list_transfer_requests", Some((List, R::TransferRequests))),
        ("create_transfer_request", Some((Create, R::TransferRequests))),
        ("read_transfer_request", Some((Read, R::TransferRequests))),
        ("list_transfer_request_transitions", Some((Read, R::TransferRequests))),
        ("create_transfer_request_transition", Some((Transition, R::TransferRequests))),
        ("list_shared_accesses", Some((List, R::SharedAccesses))),
        ("create_shared_access", Some((Create, R::SharedAccesses))),
        ("read_shared_access", Some((Read, R::SharedAccesses))),
        ("read_shared_access_package", Some((Read, R::SharedAccessPackages))),
        ("list_shared_access_transitions", Some((Read, R::SharedAccesses))),
        ("create_shared_access_transition", Some((Transition, R::SharedAccesses))),
        ("list_partner_links", Some((List, R::PartnerLinks))),
        ("create_partner_link", Some((Create, R::PartnerLinks))),
        ("read_partner_link", Some((Read, R::PartnerLinks))),
        ("create_partner_link_revocation", Some((Transition, R::PartnerLinks))),
        ("create_partner_link_exchange", None),
        ("create_partner_link_answer", None),
        ("read_task", Some((Read, R::Tasks))),
        ("edit_task", Some((Edit, R::Tasks))),
        ("create_task_transition", Some((Transition, R::Tasks))),
        ("list_assessments", Some((List, R::Assessments))),
        ("create_assessment", Some((Create, R::Assessments))),
        ("read_assessment", Some((Read, R::Assessments))),
        ("edit_assessment", Some((Edit, R::Assessments))),
        ("create_assessment_transition", Some((Transition, R::Assessments))),
        ("list_goals", Some((List, R::Goals))),
        ("create_goal", Some((Create, R::Goals))),
        ("read_goal", Some((Read, R::Goals))),
        ("edit_goal", Some((Edit, R::Goals))),
        ("create_goal_transition", Some((Transition, R::Goals))),
        ("list_plans", Some((List, R::Plans))),
        ("create_plan", Some((Create, R::Plans))),
        ("read_plan", Some((Read, R::Plans))),
        ("edit_plan", Some((Edit, R::Plans))),
        ("create_plan_transition", Some((Transition, R::Plans))),
        ("read_assessment_delta", Some((Read, R::Assessments))),
        ("list_appointments", Some((List, R::Appointments))),
        ("create_appointment", Some((Create, R::Appointments))),
        ("read_appointment", Some((Read, R::Appointments))),
        ("edit_appointment", Some((Edit, R::Appointments))),
        ("create_appointment_transition", Some((Transition, R::Appointments))),
        ("list_pathways", Some((List, R::Pathways))),
        ("create_pathway", Some((Create, R::Pathways))),
        ("read_pathway", Some((Read, R::Pathways))),
        ("edit_pathway", Some((Edit, R::Pathways))),
        ("create_pathway_transition", Some((Transition, R::Pathways))),
        ("list_pathway_templates", Some((List, R::PathwayTemplates))),
        ("create_pathway_template", Some((Create, R::PathwayTemplates))),
        ("read_pathway_template", Some((Read, R::PathwayTemplates))),
        ("edit_pathway_template", Some((Edit, R::PathwayTemplates))),
        ("create_pathway_template_transition", Some((Transition, R::PathwayTemplates))),
        ("list_notes", Some((List, R::Notes))),
        ("create_note", Some((Create, R::Notes))),
        ("read_note", Some((Read, R::Notes))),
        ("edit_note", Some((Edit, R::Notes))),
        ("delete_note", Some((Delete, R::Notes))),
        ("list_attachments", Some((List, R::Attachments))),
        ("create_attachment", Some((Create, R::Attachments))),
        ("read_attachment", Some((Read, R::Attachments))),
        ("edit_attachment", Some((Edit, R::Attachments))),
        ("delete_attachment", Some((Delete, R::Attachments))),
        ("replace_attachment_content", Some((Edit, R::Attachments))),
        ("read_attachment_content", Some((Read, R::Attachments))),
        ("read_person_by_external_id", Some((Read, R::People))),
        ("upsert_person_by_external_id", Some((Edit, R::People))),
        ("read_case_by_external_id", Some((Read, R::Cases))),
        ("upsert_case_by_external_id", Some((Edit, R::Cases))),
        ("list_contacts", Some((List, R::Contacts))),
        ("create_contact", Some((Create, R::Contacts))),
        ("read_contact", Some((Read, R::Contacts))),
        ("edit_contact", Some((Edit, R::Contacts))),
        ("delete_contact", Some((Delete, R::Contacts))),
        ("list_relations", Some((List, R::Relations))),
        ("create_relation", Some((Create, R::Relations))),
        ("read_relation", Some((Read, R::Relations))),
        ("edit_relation", Some((Edit, R::Relations))),
        ("delete_relation", Some((Delete, R::Relations))),
        ("list_households", Some((List, R::Households))),
        ("create_household", Some((Create, R::Households))),
        ("read_household", Some((Read, R::Households))),
        ("edit_household", Some((Edit, R::Households))),
        ("list_household_members", Some((List, R::Households))),
        ("create_household_member", Some((Create, R::Households))),
        ("list_person_households", Some((List, R::Households))),
        ("read_household_member", Some((Read, R::Households))),
        ("edit_household_member", Some((Edit, R::Households))),
        ("list_case_household_members", Some((List, R::CaseHouseholdMembers))),
        ("create_case_household_member", Some((Create, R::CaseHouseholdMembers))),
        ("read_case_household_member", Some((Read, R::CaseHouseholdMembers))),
        ("delete_case_household_member", Some((Delete, R::CaseHouseholdMembers))),
        ("list_legal_statuses", Some((List, R::LegalStatuses))),
        ("create_legal_status", Some((Create, R::LegalStatuses))),
        ("read_legal_status", Some((Read, R::LegalStatuses))),
        ("edit_legal_status", Some((Edit, R::LegalStatuses))),
        ("create_legal_status_transition", Some((Transition, R::LegalStatuses))),
        ("list_consents", Some((List, R::Consents))),
        ("create_consent", Some((Create, R::Consents))),
        ("create_consent_check", Some((Read, R::Consents))),
        ("read_consent", Some((Read, R::Consents))),
        ("list_consent_transitions", Some((Read, R::Consents))),
        ("create_consent_transition", Some((Transition, R::Consents))),
        ("list_reminders", Some((List, R::Reminders))),
        ("read_reminder", Some((Read, R::Reminders))),
        ("create_reminder_transition", Some((Transition, R::Reminders))),
        ("read_sandbox_clock", Some((Read, R::Sandbox))),
        ("replace_sandbox_clock", Some((Edit, R::Sandbox))),
        ("list_worklist", Some((List, R::Worklist))),
        ("delete_unread_changes", Some((Delete, R::Worklist))),
        ("list_workloads", Some((List, R::Workloads))),
        ("create_person_transition", Some((Transition, R::People))),
        ("read_person_export", Some((Read, R::PersonExports))),
        ("list_services", Some((List, R::Services))),
        ("create_service", Some((Create, R::Services))),
        ("search_services", Some((Search, R::Services))),
        ("read_service", Some((Read, R::Services))),
        ("edit_service", Some((Edit, R::Services))),
        ("read_service_capacity", Some((Read, R::ServiceCapacities))),
        ("replace_service_capacity", Some((Edit, R::ServiceCapacities))),
        ("list_service_verifications", Some((List, R::ServiceVerifications))),
        ("create_service_verification", Some((Create, R::ServiceVerifications))),
        ("list_service_translations", Some((List, R::Translations))),
        ("read_service_translation", Some((Read, R::Translations))),
        ("replace_service_translation", Some((Edit, R::Translations))),
        ("delete_service_translation", Some((Delete, R::Translations))),
        ("list_program_translations", Some((List, R::Translations))),
        ("read_program_translation", Some((Read, R::Translations))),
        ("replace_program_translation", Some((Edit, R::Translations))),
        ("delete_program_translation", Some((Delete, R::Translations))),
        ("list_location_translations", Some((List, R::Translations))),
        ("read_location_translation", Some((Read, R::Translations))),
        ("replace_location_translation", Some((Edit, R::Translations))),
        ("delete_location_translation", Some((Delete, R::Translations))),
        ("list_organisation_translations", Some((List, R::Translations))),
        ("read_organisation_translation", Some((Read, R::Translations))),
        ("replace_organisation_translation", Some((Edit, R::Translations))),
        ("delete_organisation_translation", Some((Delete, R::Translations))),
        ("list_service_at_locations", Some((List, R::ServiceAtLocations))),
        ("create_service_at_location", Some((Create, R::ServiceAtLocations))),
        ("read_service_at_location", Some((Read, R::ServiceAtLocations))),
        ("edit_service_at_location", Some((Edit, R::ServiceAtLocations))),
        ("delete_service_at_location", Some((Delete, R::ServiceAtLocations))),
        ("list_datasets", Some((List, R::Datasets))),
        ("create_dataset", Some((Create, R::Datasets))),
        ("read_dataset", Some((Read, R::Datasets))),
        ("edit_dataset", Some((Edit, R::Datasets))),
        ("list_dataset_codes", Some((Read, R::Datasets))),
        ("upsert_dataset_codes", Some((Edit, R::Datasets))),
        ("list_dataset_releases", Some((List, R::DatasetReleases))),
        ("read_dataset_release", Some((Read, R::DatasetReleases))),
        ("create_dataset_release_transition", Some((Transition, R::DatasetReleases))),
        ("list_observations", Some((Read, R::Datasets))),
        ("search_observations", Some((Read, R::Datasets))),
        ("list_indicators", Some((List, R::Indicators))),
        ("create_indicator", Some((Create, R::Indicators))),
        ("read_indicator", Some((Read, R::Indicators))),
        ("edit_indicator", Some((Edit, R::Indicators))),
        ("read_indicator_values", Some((Read, R::Indicators))),
        ("read_indicator_chart", None),
        ("create_import_proposal", Some((Create, R::DataImports))),
        ("list_data_imports", Some((List, R::DataImports))),
        ("create_data_import", Some((Create, R::DataImports))),
        ("read_data_import", Some((Read, R::DataImports))),
        ("list_data_import_rejections", Some((Read, R::DataImports))),
        ("replace_data_import_content", Some((Edit, R::DataImports))),
        ("list_programs", Some((List, R::Programs))),
        ("create_program", Some((Create, R::Programs))),
        ("read_program", Some((Read, R::Programs))),
        ("edit_program", Some((Edit, R::Programs))),
        ("list_locations", Some((List, R::Locations))),
        ("create_location", Some((Create, R::Locations))),
        ("read_location", Some((Read, R::Locations))),
        ("edit_location", Some((Edit, R::Locations))),
        ("list_networks", Some((List, R::Networks))),
        ("create_network", Some((Create, R::Networks))),
        ("read_network", Some((Read, R::Networks))),
        ("edit_network", Some((Edit, R::Networks))),
        ("read_network_graph", Some((Read, R::Networks))),
        ("list_network_members", Some((List, R::NetworkMembers))),
        ("create_network_member", Some((Create, R::NetworkMembers))),
        ("read_network_member", Some((Read, R::NetworkMembers))),
        ("edit_network_member", Some((Edit, R::NetworkMembers))),
        ("delete_network_member", Some((Delete, R::NetworkMembers))),
        ("list_network_meetings", Some((List, R::NetworkMeetings))),
        ("create_network_meeting", Some((Create, R::NetworkMeetings))),
        ("read_network_meeting", Some((Read, R::NetworkMeetings))),
        ("edit_network_meeting", Some((Edit, R::NetworkMeetings))),
        ("delete_network_meeting", Some((Delete, R::NetworkMeetings))),
        ("list_territories", Some((List, R::Territories))),
        ("create_territory", Some((Create, R::Territories))),
        ("read_territory", Some((Read, R::Territories))),
        ("edit_territory", Some((Edit, R::Territories))),
        ("list_territory_codes", Some((Read, R::Territories))),
        ("create_territory_code", Some((Edit, R::Territories))),
        ("list_territory_events", Some((Read, R::Territories))),
        ("create_territory_event", Some((Edit, R::Territories))),
        ("read_territory_event", Some((Read, R::Territories))),
        ("list_territory_figures", Some((Read, R::Territories))),
        ("create_territory_figure", Some((Edit, R::Territories))),
        ("read_territory_profile", Some((Read, R::Territories))),
        ("search_territories", Some((List, R::Territories))),
        ("list_memberships", Some((Read, R::Territories))),
        ("create_membership", Some((Edit, R::Territories))),
        ("read_membership", Some((Read, R::Territories))),
        ("edit_membership", Some((Edit, R::Territories))),
        ("list_users", Some((List, R::Users))),
        ("create_user", Some((Create, R::Users))),
        ("read_user", Some((Read, R::Users))),
        ("edit_user", Some((Edit, R::Users))),
        ("create_password_reset", Some((Edit, R::Users))),
    ]
};

fn permission(operation: &Operation) -> Option<(Action, Resource)> {
    let row = PERMISSIONS.iter().find(|(id, _)| *id == operation.id);
    row.unwrap_or_else(|| panic!("say in PERMISSIONS what {} does", operation.id)).1
}

fn name_of(world: &World, role: Role) -> &'static str {
    world.fixture.callers.iter().find(|caller| caller.role == role).expect("a caller for each role").name
}

/// Calls every operation; fails unless all of them were.
fn walk(what: &str, mut step: impl FnMut(Operation)) {
    let (all, mut walked) = (operations(), 0);
    for operation in &all {
        step(*operation);
        walked += 1;
    }
    println!("{what}: walked {walked} of {} operations", all.len());
    assert_eq!(walked, all.len());
}

/// A body of an answer without what differs from one occurrence to the next.
fn told(answer: &Answer) -> Value {
    let mut problem = answer.json();
    problem.as_object_mut().expect("a problem").remove("instance");
    problem
}

#[test]
fn the_table_of_permissions_is_the_contract() {
    let known: BTreeSet<&str> = PERMISSIONS.iter().map(|(id, _)| *id).collect();
    let there: BTreeSet<&str> = operations().iter().map(|operation| operation.id).collect();
    assert_eq!(known, there);
    for operation in operations() {
        assert_eq!(permission(&operation).is_none(), operation.is_open(), "{}", operation.id);
    }
}

both! { in_a_sandbox:
    fn without_a_token_only_the_open_operations_answer(world: &World) {
        let stage = Stage::new(world);
        let rows = stage.in_udine();
        walk("without a token", |operation| {
            let body = stage.body(&operation, &rows, Role::SystemAdministrator);
            let answer = call(&world.nobody(), &operation, &stage.path(&operation, &rows), body.as_ref());
            let wanted = if operation.is_open() { operation.success() } else { 401 };
            assert_eq!(answer.status, wanted, "{}: {}", operation.id, answer.text);
            if wanted == 401 {
                assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"", "{}", operation.id);
            }
        });
    }

    fn every_role_may_do_what_the_policy_says_and_nothing_else(world: &World) {
        let stage = Stage::new(world);
        let shared = stage.in_udine();
        let (mut allowed, mut refused) = (0, 0);
        walk("in nine roles", |operation| {
            let Some((action, resource)) = permission(&operation) else { return };
            for &role in Role::ALL {
                // Fresh rows for a write: what one role does must not stand in the way of the next.
                let writes = operation.method != "GET" && policy::allows(role, action, resource);
                let fresh = stage.in_udine();
                let rows = if writes { &fresh } else { &shared };
                let body = stage.body(&operation, rows, role);
                let client = world.caller(name_of(world, role));
                let answer = call(&client, &operation, &stage.path(&operation, rows), body.as_ref());
                let of = format!("{} as {role}: {}", operation.id, answer.text);
                if policy::allows(role, action, resource) {
                    allowed += 1;
                    assert_eq!(answer.status, operation.success(), "{of}");
                } else {
                    refused += 1;
                    assert_eq!(answer.status, 403, "{of}");
                    assert_eq!(answer.header("www-authenticate"), "Bearer error=\"insufficient_scope\"", "{of}");
                }
            }
        });
        println!("{allowed} allowed, {refused} refused");
    }

    fn the_rows_of_another_municipality_are_as_absent_ones(world: &World) {
        let stage = Stage::new(world);
        let (udine, trieste) = (stage.in_udine(), stage.in_trieste());
        let (matej, paolo) = (world.matej_case_manager_in_trieste(), world.paolo_organisation_administrator());
        let (mut hidden, mut public) = (0, 0);
        walk("on the rows of others", |operation| {
            // Who asks, for whose row, and the role that the body is written for.
            let personal = [
                "{person_id}", "{case_id}", "{task_id}", "{assessment_id}", "{goal_id}", "{plan_id}", "{note_id}",
                "{contact_id}", "{relation_id}", "{household_id}", "{household_member_id}",
                "{case_household_member_id}", "{legal_status_id}", "{reminder_id}", "{appointment_id}", "{pathway_id}",
                "{attachment_id}", "{consent_id}", "{referral_id}", "{partner_link_id}", "{transfer_id}", "{transfer_request_id}",
                "{shared_access_id}",
            ];
            let administered = ["{user_id}", "{api_client_id}", "{grant_id}"];
            let asks = |names: &[&str]| names.iter().any(|name| operation.path.contains(name));
            let (client, rows, role) = if asks(&personal) {
                (&matej, &udine, Role::CaseManager)
            } else if asks(&administered) {
                (&paolo, &trieste, Role::OrganisationAdministrator)
            } else {
                public += 1;
                return;
            };
            let body = stage.body(&operation, rows, role);
            let there = call(client, &operation, &stage.path(&operation, rows), body.as_ref());
            let absent = fill(&operation, |_| uuid::Uuid::now_v7().to_string());
            let absent = call(client, &operation, &absent, body.as_ref());
            assert_eq!((there.status, absent.status), (404, 404), "{}: {}", operation.id, there.text);
            assert_eq!(told(&there), told(&absent), "{}", operation.id);
            hidden += 1;
        });
        println!("{hidden} hide the rows of others, {public} have none");
        // A move is found under its own case alone.
        let stray = format!("/cases/{}/transitions/{}", trieste.case(), udine.transition());
        matej.get(&stray).expect(404);
        let stray = format!("/territories/{}/memberships/{}", trieste.union(), udine.membership());
        world.anna_system_administrator().patch(&stray, "*", &serde_json::json!({"valid_to": "2027-01-01"})).expect(404);
        // Everyone may know an organisation: whoever may not edit it is told so.
        let (edit, body) = (operation("edit_organisation"), serde_json::json!({"name": "Comune"}));
        assert_eq!(call(&paolo, &edit, &stage.path(&edit, &trieste), Some(&body)).status, 403);
    }

    fn a_body_that_names_a_row_of_others_is_refused_as_if_it_named_none(world: &World) {
        let stage = Stage::new(world);
        let (udine, trieste) = (stage.in_udine(), stage.in_trieste());
        let (maria, paolo) = (world.maria_case_manager(), world.paolo_organisation_administrator());
        let mut compared = 0;
        for (id, client, member, foreign) in [
            ("create_person", &maria, "owner_org_id", trieste.organisation()),
            ("create_person", &maria, "territory_id", trieste.territory()),
            ("edit_person", &maria, "territory_id", trieste.territory()),
            ("create_case", &maria, "person_id", trieste.person()),
            ("create_referral", &maria, "case_id", trieste.case()),
            ("create_transfer", &maria, "case_id", trieste.case()),
            ("create_shared_access", &maria, "case_id", trieste.case()),
            ("create_relation", &maria, "object_id", trieste.person()),
            ("create_consent", &maria, "supersedes_id", trieste.consent()),
            ("create_consent", &maria, "guardian_relation_id", trieste.relation()),
            ("create_consent", &maria, "evidence_attachment_id", trieste.stored_attachment()),
            ("create_household", &maria, "owner_org_id", trieste.organisation()),
            ("create_household", &maria, "territory_id", trieste.territory()),
            ("edit_household", &maria, "territory_id", trieste.territory()),
            ("create_household_member", &maria, "person_id", trieste.person()),
            ("create_case_household_member", &maria, "household_member_id", trieste.household_member()),
            ("create_case", &maria, "household_id", trieste.household()),
            ("edit_case", &maria, "household_id", trieste.household()),
            ("create_case", &maria, "case_manager_id", trieste.user()),
            ("edit_case", &maria, "case_manager_id", trieste.user()),
            ("edit_case", &maria, "territory_id", trieste.territory()),
            ("create_task", &maria, "assignee_id", trieste.user()),
            ("edit_task", &maria, "assignee_id", trieste.user()),
            ("create_appointment", &maria, "attendee_id", trieste.user()),
            ("create_pathway", &maria, "template_id", trieste.published_template()),
            ("create_pathway_template", &paolo, "owner_org_id", trieste.organisation()),
            ("create_service", &paolo, "organisation_id", trieste.organisation()),
            ("create_location", &paolo, "organisation_id", trieste.organisation()),
            ("create_service_at_location", &paolo, "location_id", uuid::Uuid::now_v7().to_string()),
            ("create_network", &paolo, "organisation_id", trieste.organisation()),
            ("create_user", &paolo, "organisation_id", trieste.organisation()),
            ("create_api_client", &paolo, "organisation_id", trieste.organisation()),
            ("create_organisation", &paolo, "parent_id", trieste.organisation()),
            ("create_grant", &paolo, "principal_id", trieste.user()),
            ("create_grant", &paolo, "organisation_id", trieste.organisation()),
        ] {
            let operation = operation(id);
            let answers = [foreign.clone(), uuid::Uuid::now_v7().to_string()].map(|named| {
                let mut body = stage.body(&operation, &udine, Role::CaseManager).expect("a body");
                body[member] = named.into();
                call(client, &operation, &stage.path(&operation, &udine), Some(&body)).expect(422)
            });
            let [foreign, absent] = &answers;
            assert_eq!(told(foreign), told(absent), "{id}: {member}");
            assert_eq!(told(foreign)["errors"][0]["pointer"], format!("#/{member}"), "{id}");
            compared += 1;
        }
        println!("{compared} members name no row of others");
    }

    fn every_operation_answers_its_own_example_as_documented(world: &World) {
        let stage = Stage::new(world);
        let mut with_body = 0;
        walk("with its example", |operation| {
            let rows = stage.in_udine();
            let (action, resource) = permission(&operation).unwrap_or((Action::Read, Resource::Me));
            let may = |role: &&Role| policy::allows(**role, action, resource);
            // The widest role first: the example may hold every member.
            let order = [
                Role::CaseManager,
                Role::SystemAdministrator,
                Role::OrganisationAdministrator,
                Role::Auditor,
                Role::SyncClient,
            ];
            let role = *order.iter().find(may).expect("a role that may");
            let body = stage.body(&operation, &rows, role);
            with_body += u32::from(body.is_some());
            let client = if operation.is_open() { world.nobody() } else { world.caller(name_of(world, role)) };
            let answer = call(&client, &operation, &stage.path(&operation, &rows), body.as_ref());
            assert_eq!(answer.status, operation.success(), "{}: {}", operation.id, answer.text);
            if answer.status == 201 {
                let location = answer.header("location").to_owned();
                assert!(location.starts_with(world.base()), "{}: {location}", operation.id);
                assert_eq!(client.get(&location).status, 200, "{}: {location} leads nowhere", operation.id);
            }
            if operation.method == "GET" && operation.takes_header("If-None-Match") {
                let held = [("if-none-match", answer.header("etag"))];
                let again = client.send("GET", &stage.path(&operation, &rows), &held, None).expect(304);
                keeps_the_contract(&operation, &again);
            }
        });
        println!("{with_body} of them with a body");
    }
}
