//! What a deployment lives through: races, lost connections, killed processes, starts and stops.

mod deployment;
mod proxy;

mod kill;
mod lost_updates;
mod outage;
mod racing;
mod start;
