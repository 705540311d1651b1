DROP TABLE relation_locks;
DROP TABLE relations;
