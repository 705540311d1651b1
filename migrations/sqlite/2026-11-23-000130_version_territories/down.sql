DELETE FROM settings WHERE name = 'territories_version';
