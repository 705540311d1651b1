//! The tables as diesel sees them, a file per area. Both databases have the same ones: a test compares them with the
//! migrated schema.

mod access;
mod agreed;
mod attached_files;
mod case_work;
mod consented;
mod deployment;
mod directory;
mod discrimination;
mod evaluated;
mod networking;
mod observed;
mod person_register;
mod places;
mod planning;
mod policy_register;
mod records;
mod referred;
mod transferred;
mod vocabulary;

pub use access::*;
pub use agreed::*;
pub use attached_files::*;
pub use case_work::*;
pub use consented::*;
pub use deployment::*;
pub use directory::*;
pub use discrimination::*;
pub use evaluated::*;
pub use networking::*;
pub use observed::*;
pub use person_register::*;
pub use places::*;
pub use planning::*;
pub use policy_register::*;
pub use records::*;
pub use referred::*;
pub use transferred::*;
pub use vocabulary::*;

diesel::allow_tables_to_appear_in_same_query!(
    activities,
    activity_results,
    agreement_parties,
    agreements,
    api_clients,
    appointments,
    assessments,
    attachment_chunks,
    attachments,
    case_household_members,
    case_news,
    case_transitions,
    cases,
    child_transitions,
    code_list_versions,
    code_lists,
    consents,
    contacts,
    data_import_rejections,
    data_imports,
    dataset_codes,
    dataset_releases,
    dataset_slices,
    datasets,
    directory_sources,
    discrimination_report_grounds,
    discrimination_report_messages,
    discrimination_reporters,
    discrimination_reports,
    evaluation_contributions,
    evaluation_placements,
    evaluation_rounds,
    evaluation_themes,
    external_ids,
    goals,
    grant_scopes,
    grants,
    history,
    household_members,
    households,
    legal_statuses,
    locations,
    network_meetings,
    network_members,
    networks,
    notes,
    objectives,
    observation_set_periods,
    observation_sets,
    observations,
    observatories,
    observatory_entries,
    organisation_ancestors,
    organisations,
    partner_links,
    pathway_templates,
    pathways,
    people,
    person_name_words,
    plans,
    policy_documents,
    policy_measure_indicators,
    policy_measures,
    principals,
    programs,
    referral_packages,
    referral_pauses,
    referral_recipients,
    referrals,
    refresh_tokens,
    relation_locks,
    relations,
    reminders,
    service_at_locations,
    service_capacities,
    service_verifications,
    services,
    sessions,
    shared_accesses,
    stray_objects,
    task_transitions,
    tasks,
    territories,
    territory_codes,
    territory_events,
    territory_figures,
    territory_memberships,
    territory_parents,
    transfer_records,
    transfer_requests,
    transfers,
    translations,
    users,
    watches,
);
