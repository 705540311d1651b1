//! A walk over every operation of the contract: without a token, in each role, on another municipality's rows, with its example.

use std::collections::BTreeSet;

use approdo::access::Role;
use approdo::access::policy::{self, Action, Resource};
use serde_json::Value;

use super::answer::keeps_the_contract;
use super::permissions::PERMISSIONS;
use super::spec::{Operation, operation, operations};
use super::stage::{Stage, call, fill};
use crate::both;
use crate::support::World;
use crate::support::http::Answer;

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
        walk("in ten roles", |operation| {
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
        let igor = world.igor_anti_discrimination_officer_in_trieste();
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
            let reported = ["{discrimination_report_id}"];
            let administered = ["{user_id}", "{api_client_id}", "{grant_id}"];
            let asks = |names: &[&str]| names.iter().any(|name| operation.path.contains(name));
            let (client, rows, role) = if asks(&personal) {
                (&matej, &udine, Role::CaseManager)
            } else if asks(&reported) {
                (&igor, &udine, Role::AntiDiscriminationOfficer)
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
            ("create_observatory", &paolo, "organisation_id", trieste.organisation()),
            ("create_objective", &paolo, "organisation_id", trieste.organisation()),
            ("create_evaluation_round", &paolo, "observatory_id", trieste.observatory()),
            ("create_evaluation_contribution", &paolo, "organisation_id", trieste.organisation()),
            ("create_policy_document", &paolo, "organisation_id", trieste.organisation()),
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
                Role::AntiDiscriminationOfficer,
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
