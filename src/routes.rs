//! Every path of the API, once.

use utoipa_actix_web::service_config::ServiceConfig;

use crate::access::{api_clients, auth, grants, me, users};
use crate::cases::{
    assessment_transitions, assessments, by_external_id as cases_by_external_id, goal_transitions, goals,
    handlers as cases, history, household_members as case_household_members, list, notes, plan_transitions, plans,
    task_list, task_transitions, tasks, transitions, worklist, workloads,
};
use crate::codes;
use crate::directory::organisations;
use crate::operations::{sandbox, status};
use crate::people::{
    by_external_id as people_by_external_id, contacts, export, handlers as people, household_members, households,
    legal_status_transitions, legal_statuses, processing, relations, reminders,
};
use crate::sync::{audit, changes};
use crate::territory::{memberships, territories};

/// The operations of the contract. Fixed segments stand before variable ones.
pub fn contract(config: &mut ServiceConfig<'_>) {
    config
        // Cases and tasks: first, because the router tries one pattern after the other.
        .service(list::list_cases)
        .service(cases::create_case)
        .service(cases_by_external_id::read_case_by_external_id)
        .service(cases_by_external_id::upsert_case_by_external_id)
        .service(cases::read_case)
        .service(cases::edit_case)
        .service(transitions::list_case_transitions)
        .service(transitions::create_case_transition)
        .service(transitions::read_case_transition)
        .service(history::list_case_history)
        .service(history::list_case_accesses)
        .service(tasks::list_tasks)
        .service(tasks::create_task)
        .service(task_list::list_tasks_of_all_cases)
        .service(tasks::read_task)
        .service(tasks::edit_task)
        .service(task_transitions::create_task_transition)
        .service(worklist::list_worklist)
        .service(worklist::delete_unread_changes)
        .service(workloads::list_workloads)
        .service(status::read_status)
        .service(sandbox::read_sandbox_clock)
        .service(sandbox::replace_sandbox_clock)
        // Access
        .service(auth::create_token)
        .service(auth::revoke_token)
        .service(auth::create_password)
        .service(me::read_me)
        .service(me::create_my_password)
        .service(users::list_users)
        .service(users::create_user)
        .service(users::read_user)
        .service(users::edit_user)
        .service(users::create_password_reset)
        .service(api_clients::list_api_clients)
        .service(api_clients::create_api_client)
        .service(api_clients::read_api_client)
        .service(api_clients::edit_api_client)
        .service(api_clients::create_api_client_secret)
        .service(grants::list_grants)
        .service(grants::create_grant)
        .service(grants::read_grant)
        .service(grants::delete_grant)
        // Directory, territory, code lists
        .service(organisations::list_organisations)
        .service(organisations::create_organisation)
        .service(organisations::read_organisation)
        .service(organisations::edit_organisation)
        .service(territories::list_territories)
        .service(territories::create_territory)
        .service(territories::read_territory)
        .service(territories::edit_territory)
        .service(memberships::list_memberships)
        .service(memberships::create_membership)
        .service(memberships::read_membership)
        .service(memberships::edit_membership)
        .service(codes::read_code_list)
        // People
        .service(people::search_people)
        .service(people::create_person)
        .service(people_by_external_id::read_person_by_external_id)
        .service(people_by_external_id::upsert_person_by_external_id)
        .service(people::read_person)
        .service(people::edit_person)
        .service(processing::create_person_transition)
        .service(export::read_person_export)
        .service(contacts::list_contacts)
        .service(contacts::create_contact)
        .service(contacts::read_contact)
        .service(contacts::edit_contact)
        .service(contacts::delete_contact)
        .service(relations::list_relations)
        .service(relations::create_relation)
        .service(relations::read_relation)
        .service(relations::edit_relation)
        .service(relations::delete_relation)
        .service(households::create_household)
        .service(households::read_household)
        .service(households::edit_household)
        .service(household_members::list_household_members)
        .service(household_members::create_household_member)
        .service(household_members::list_person_households)
        .service(household_members::read_household_member)
        .service(household_members::edit_household_member)
        .service(case_household_members::list_case_household_members)
        .service(case_household_members::create_case_household_member)
        .service(case_household_members::read_case_household_member)
        .service(case_household_members::delete_case_household_member)
        .service(legal_statuses::list_legal_statuses)
        .service(legal_statuses::create_legal_status)
        .service(legal_statuses::read_legal_status)
        .service(legal_statuses::edit_legal_status)
        .service(legal_status_transitions::create_legal_status_transition)
        .service(reminders::list_reminders)
        .service(reminders::read_reminder)
        .service(reminders::create_reminder_transition)
        .service(notes::list_notes)
        .service(notes::create_note)
        .service(notes::read_note)
        .service(notes::edit_note)
        .service(notes::delete_note)
        // Assessments, goals and plans
        .service(assessments::list_assessments)
        .service(assessments::create_assessment)
        .service(assessments::read_assessment)
        .service(assessments::edit_assessment)
        .service(assessment_transitions::create_assessment_transition)
        .service(assessments::read_assessment_delta)
        .service(goals::list_goals)
        .service(goals::create_goal)
        .service(goals::read_goal)
        .service(goals::edit_goal)
        .service(goal_transitions::create_goal_transition)
        .service(plans::list_plans)
        .service(plans::create_plan)
        .service(plans::read_plan)
        .service(plans::edit_plan)
        .service(plan_transitions::create_plan_transition)
        // Sync and audit
        .service(changes::list_changes)
        .service(audit::list_audit_records)
        .service(audit::list_audit_seals);
}
