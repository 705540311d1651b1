DROP TABLE territory_events;
DROP TABLE territory_parents;
DROP TABLE territory_codes;
