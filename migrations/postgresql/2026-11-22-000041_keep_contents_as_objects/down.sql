DROP TABLE stray_objects;
ALTER TABLE attachments DROP COLUMN object_key;
