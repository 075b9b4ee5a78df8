"""The number of concurrent outages: counted at the worst moment of a span, its end not included."""

from datetime import UTC, datetime, timedelta

import pytest

from hotline.rules.calls.outages import max_concurrent

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


def hours(first: int, last: int) -> tuple[datetime, datetime]:
    return NINE + timedelta(hours=first), NINE + timedelta(hours=last)


@pytest.mark.parametrize(
    ("spans", "most"),
    [
        ([], 0),
        ([(0, 1)], 1),
        ([(-2, 1), (-1, 3)], 2),
        ([(0, 1), (1, 2), (2, 3)], 1),
        ([(0, 2), (1, 3), (2, 4)], 2),
        ([(1, 2), (1, 2), (1, 3), (3, 4)], 3),
        ([(-1, 0)], 0),
        ([(4, 5), (4, 5)], 0),
    ],
)
def test_the_worst_moment_from_nine_to_one_counts(spans: list[tuple[int, int]], most: int) -> None:
    assert max_concurrent([hours(*span) for span in spans], *hours(0, 4)) == most
