-- The object that holds a content, where that is not in the database.
ALTER TABLE attachments ADD COLUMN object_key TEXT;

-- Objects that no attachment names: on their way to one, or left by one. Each is removed when its time has come.
CREATE TABLE stray_objects (
    object_key TEXT NOT NULL PRIMARY KEY,
    remove_after TIMESTAMPTZ NOT NULL
);

CREATE INDEX stray_objects_by_time ON stray_objects (remove_after, object_key);
