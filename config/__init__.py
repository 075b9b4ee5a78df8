"""Composition root: reads the environment and the city's files, and builds everything else.

`settings` reads the environment and `wiring` builds the components of a process. `processes` has one module for each
process of the Procfile, `commands` the command line, `city` the city's own data, `demo` the invented city of `make run`.
"""
