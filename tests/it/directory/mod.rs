//! The directory of services.

mod locations;
mod matches;
mod services;
mod translations;
