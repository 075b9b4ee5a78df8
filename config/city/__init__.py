from importlib.resources import files

# The folder of the city's own files: units, limits, opening hours, published figures.
CITY = files("config.city") / "example"
