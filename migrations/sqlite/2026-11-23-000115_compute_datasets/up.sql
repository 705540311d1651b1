-- What of the deployment's own data the releases of a dataset are computed from; none where they are imported.
ALTER TABLE datasets ADD COLUMN computed_from TEXT;
