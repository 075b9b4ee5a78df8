"""Pure rules and tables. They receive the moment as `at` and read no clock, database or setting."""
