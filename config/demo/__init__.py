"""The demonstration city: units, people who may log in, and a few days of invented history, the same for the same seed."""
