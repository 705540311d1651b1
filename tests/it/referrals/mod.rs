mod agreements;
mod calendar;
mod claims;
mod consent;
mod flow;
mod forwards;
mod guards;
pub mod network;
mod statistics;
