//! What a deployment lives through: races, lost connections, killed processes, starts and stops.

pub mod deployment;
mod proxy;

mod door;
mod kill;
mod lost_updates;
mod migrations;
mod outage;
mod racing;
mod sandbox;
mod start;
mod winning_once;
