//! Territories in time (domain 39).

mod events;
mod profile;
mod searches;
