//! Cases (domain 1-4): the machine from intake to closing and its guards; the assessments, goals and plans of a case, and the work
//! that is to be done.

pub mod appointment_transitions;
pub mod appointments;
pub mod assessment_transitions;
pub mod assessments;
pub mod by_external_id;
pub mod confidentiality;
pub mod embedded;
pub mod erasure;
pub mod goal_transitions;
pub mod goals;
pub mod handlers;
pub mod history;
pub mod household_members;
pub mod life_domains;
pub mod list;
pub mod news;
pub mod notes;
pub mod pathway_template_transitions;
pub mod pathway_templates;
pub mod pathway_transitions;
pub mod pathways;
pub mod plan_transitions;
pub mod plans;
pub mod queries;
pub mod reference;
pub mod rules;
pub mod task_list;
pub mod task_transitions;
pub mod tasks;
pub mod transitions;
pub mod types;
pub mod worklist;
pub mod workloads;

#[cfg(test)]
mod tests;
