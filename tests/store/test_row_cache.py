"""The cache of rows that seldom change: kept for its age, read anew afterwards, and never what is missing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from hotline.store.row_cache import MAX_ENTRIES, RowCache

AT = datetime(2026, 11, 23, 1, tzinfo=UTC)
AGE = timedelta(seconds=2)
KEY = ("unit", "water")


def reader(values: list[str | None]) -> Callable[[], str | None]:
    return lambda: values.pop(0)


@pytest.mark.parametrize(("seconds", "found"), [(0, "a"), (1.999, "a"), (2, "b"), (3600, "b"), (-1, "b")])
def test_a_value_is_kept_for_less_than_its_age(seconds: float, found: str) -> None:
    cache, read = RowCache(AGE), reader(["a", "b"])
    assert cache.get(KEY, AT, read) == "a"
    assert cache.get(KEY, AT + timedelta(seconds=seconds), read) == found


def test_what_is_missing_is_looked_for_again() -> None:
    cache, read = RowCache(AGE), reader([None, "a"])
    assert cache.get(KEY, AT, read) is None
    assert cache.get(KEY, AT, read) == "a"


def test_each_key_has_its_own_value() -> None:
    cache = RowCache(AGE)
    assert cache.get(KEY, AT, lambda: "a") == "a"
    assert cache.get(("unit", "power"), AT, lambda: "b") == "b"
    assert cache.get(("token", "water"), AT, lambda: "c") == "c"


def test_a_cache_of_no_age_keeps_nothing() -> None:
    cache, read = RowCache(), reader(["a", "b"])
    assert [cache.get(KEY, AT, read) for _ in range(2)] == ["a", "b"]


def test_a_cache_does_not_grow_without_end() -> None:
    cache, reads = RowCache(AGE), list[int]()
    for number in range(MAX_ENTRIES + 1):
        cache.get(("unit", number), AT, lambda: reads.append(0) or "a")
    cache.get(("unit", 0), AT, lambda: reads.append(0) or "a")
    assert len(reads) == MAX_ENTRIES + 2
