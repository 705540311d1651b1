DROP TABLE leases;
DROP TABLE deployment_keys;
DROP TABLE settings;
