//! Observatories: who watches integration in a territory, and what (domain C8). Registers: every caller may know them, and those who keep
//! the statistics of an observatory's organisation keep it.

pub mod handlers;
pub mod types;
pub mod watched;
