//! Territories in time (domain 39).

mod events;
mod imports;
mod integration;
mod profile;
mod searches;
