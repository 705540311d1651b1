DROP TABLE observation_set_periods;
