//! Paths of the observatory, evaluations, objectives and policy documents.

use crate::evaluations::{
    contribution_texts as evaluation_contribution_texts,
    contribution_transitions as evaluation_contribution_transitions, contributions as evaluation_contributions,
    handlers as evaluation_rounds, theme_handlers as evaluation_themes, transitions as evaluation_round_transitions,
};
use crate::objectives::{
    activity_handlers as activities, activity_transitions, handlers as objectives, results as activity_results,
};
use crate::observatory::{
    catalogue, codelists, dataset_handlers, imports, indicators::charts as indicator_charts,
    indicators::handlers as indicators, indicators::values as indicator_values, observations,
    observatories::handlers as observatories, observatories::watched as observatory_entries,
    operational::handlers as operational, queries::handlers as observation_searches, release_transitions, releases,
};
use crate::policy_documents::{handlers as policy_documents, measure_handlers as policy_measures};

operations! {
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
}
