//! The directory of services.

mod locations;
mod matches;
mod organisations;
mod programs;
mod services;
mod translations;
