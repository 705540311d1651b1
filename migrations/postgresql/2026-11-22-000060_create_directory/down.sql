DROP TABLE service_at_locations;
DROP TABLE locations;
DROP TABLE service_capacities;
DROP TABLE service_verifications;
DROP TABLE services;
