//! Cases and their tasks (domain 1-3): the machine from intake to closing, its guards, the work that is to be done.

pub mod handlers;
pub mod history;
pub mod queries;
pub mod reference;
pub mod rules;
pub mod task_transitions;
pub mod tasks;
pub mod transitions;
pub mod types;

#[cfg(test)]
mod tests;
