-- The list of households begins its walk at a territory, by either of its orders.
CREATE INDEX households_by_territory_created ON households (territory_id, created_at, id);

CREATE INDEX households_by_territory_updated ON households (territory_id, updated_at, id);
