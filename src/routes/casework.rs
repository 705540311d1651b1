//! Paths of people, cases, and the work of several bodies on them.

use crate::access::me;
use crate::agreements::{handlers as agreements, transitions as agreement_transitions};
use crate::attachments::{content as attachment_content, handlers as attachments};
use crate::cases::{
    appointment_transitions, appointments, assessment_transitions, assessments, by_external_id as cases_by_external_id,
    goal_transitions, goals, handlers as cases, history, household_members as case_household_members, list, notes,
    pathway_template_transitions, pathway_templates, pathway_transitions, pathways, plan_transitions, plans, task_list,
    task_transitions, tasks, transitions, worklist, workloads,
};
use crate::consents::{checks as consent_checks, handlers as consents, transitions as consent_transitions};
use crate::discrimination::{
    anonymisations as discrimination_anonymisations, follow_ups as discrimination_follow_ups,
    handlers as discrimination_reports, list as discrimination_report_list, messages as discrimination_messages,
    statistics as discrimination_statistics, submissions as discrimination_submissions,
    transitions as discrimination_transitions,
};
use crate::people::{
    by_external_id as people_by_external_id, contacts, export, handlers as people, household_list, household_members,
    households, legal_status_transitions, legal_statuses, processing, relations, reminders,
};
use crate::referrals::{
    claims as referral_claims, extensions as referral_extensions, forwards as referral_forwards, handlers as referrals,
    list as referral_list, partner_links::answers as partner_answers, partner_links::exchanges as partner_exchanges,
    partner_links::handlers as partner_links, statistics as referral_statistics, transitions as referral_transitions,
};
use crate::shared_accesses::{
    handlers as shared_accesses, list as shared_access_list, transitions as shared_access_transitions,
};
use crate::transfer_requests::{
    handlers as transfer_requests, list as transfer_request_list, transitions as transfer_request_transitions,
};
use crate::transfers::{
    frozen as transfer_records, handlers as transfers, list as transfer_list,
    record_contents as transfer_record_contents, transitions as transfer_transitions,
};

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
}
