//! What of the directory is in a territory: by the locations that lie in it or below it, as the tree and the memberships are on a day.

use approdo_db::Prepared;
use chrono::NaiveDate;
use diesel::sql_types::Bool;

use crate::access::{TerritoryId, scope};

/// A territory, and the day of what lies below it.
pub type Where = (TerritoryId, NaiveDate);

/// The condition that a service is given at a location there.
pub fn services(there: Where) -> Prepared<Bool> {
    service_ids(Prepared::new("services.id IN ("), there).sql(")")
}

/// The condition that an organisation has a location there, or gives an active service at one.
pub fn organisations(there: Where) -> Prepared<Bool> {
    organisation_ids(Prepared::new("organisations.id IN ("), there).sql(")")
}

/// The condition that an active service of a program is given there; of a program that has no service at all, that its organisation has
/// a location there.
pub fn programs(there: Where) -> Prepared<Bool> {
    let statement = Prepared::new(
        "(programs.id IN (SELECT part.program_id FROM services part \
         WHERE part.program_id IS NOT NULL AND part.status = 'active' AND part.id IN (",
    );
    let statement = service_ids(statement, there).sql(
        ")) OR (NOT EXISTS (SELECT 1 FROM services part WHERE part.program_id = programs.id) \
         AND programs.organisation_id IN (SELECT place.organisation_id FROM locations place WHERE place.territory_id IN (",
    );
    scope::under(statement, there.0, there.1).sql("))))")
}

/// Ends a condition with the ids of the services that are given at a location there.
pub fn service_ids<ST>(statement: Prepared<ST>, there: Where) -> Prepared<ST> {
    let statement = statement.sql(
        "SELECT given.service_id FROM service_at_locations given JOIN locations place ON place.id = given.location_id \
         WHERE place.territory_id IN (",
    );
    scope::under(statement, there.0, there.1).sql(")")
}

/// Ends a condition with the ids of the organisations that have a location there, or give an active service at one.
pub fn organisation_ids<ST>(statement: Prepared<ST>, there: Where) -> Prepared<ST> {
    let statement = statement.sql("SELECT place.organisation_id FROM locations place WHERE place.territory_id IN (");
    let statement = scope::under(statement, there.0, there.1).sql(
        ") UNION SELECT giver.organisation_id FROM services giver WHERE giver.status = 'active' AND giver.id IN (",
    );
    service_ids(statement, there).sql(")")
}
