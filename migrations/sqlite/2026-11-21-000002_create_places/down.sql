DROP TABLE territory_memberships;
DROP TABLE territories;
DROP TABLE organisation_ancestors;
DROP TABLE organisations;
