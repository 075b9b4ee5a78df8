"""The roof: the only place that reads the environment and the city's files, and the only one that builds anything.

Read `settings` (what may be told from outside), then `wiring` (what is made of it), then the doors of the Procfile:
`web`, `worker`, `schedule`, `cli`. `run` starts all of them on one machine for `make run`.
"""
