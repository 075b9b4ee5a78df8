"""The values of a text as a flat list, and the values that differ between two texts."""

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

# The key that names a row of a list; rows without one are counted.
ROW_NAMES = ("code", "day", "name")
# (name of the row, key) -> value as text.
Values = dict[tuple[str, str], str]


def values_of(text: str) -> Values:
    """Returns every value of a text by row and key; empty for a text that is no TOML."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}
    return dict(_flat(tree, "", ""))


def _flat(value: Any, entry: str, key: str) -> Iterator[tuple[tuple[str, str], str]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            # A value may be written with or without its origin.
            below = key if name == "value" else f"{key}.{name}" if key else str(name)
            yield from _flat(each, entry, below)
    elif isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
        for number, each in enumerate(value, 1):
            name = next((str(each[known]) for known in ROW_NAMES if known in each), str(number))
            yield from _flat(each, name, key)
    elif isinstance(value, list):
        yield (entry, key), "、".join(shown(each) for each in value)
    else:
        yield (entry, key), shown(value)


def shown(value: object) -> str:
    """Returns a value as a form shows it."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def changed_values(before: str, after: str) -> list[tuple[str, str, str, str]]:
    """Returns row, key, value before and value after of what differs, in the order of the newer text."""
    old, new = values_of(before), values_of(after)
    places = [*new, *(place for place in old if place not in new)]
    return [
        (*place, old.get(place, ""), new.get(place, ""))
        for place in places
        if old.get(place) != new.get(place)
    ]
