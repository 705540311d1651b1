//! The directory of services.

mod links;
mod locations;
mod matches;
mod organisations;
mod programs;
mod services;
mod translations;
