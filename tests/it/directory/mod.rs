//! The directory of services.

mod locations;
mod matches;
mod organisations;
mod services;
mod translations;
