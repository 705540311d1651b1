DELETE FROM relation_locks WHERE kind = 'predecessor_of';
DROP TABLE network_meetings;
DROP TABLE network_members;
DROP TABLE networks;
