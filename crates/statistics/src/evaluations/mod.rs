//! Evaluation rounds of observatories (domain 43): a call, what those concerned say, the themes it is put together into, and what is
//! answered to each. Everyone knows the rounds; what is said in them is for who keeps the round and for who said it.

pub mod contribution_texts;
pub mod contribution_transitions;
pub mod contributions;
pub mod counts;
pub mod handlers;
pub mod rules;
pub mod theme_handlers;
pub mod themes;
pub mod transitions;
pub mod types;

#[cfg(test)]
mod tests;
