//! Territories in time (domain 39).

mod events;
mod imports;
mod profile;
mod searches;
