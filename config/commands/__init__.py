"""The commands of `hotline`, one module for each command group."""
