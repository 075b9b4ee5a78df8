"""The lines of the benchmarks: a ratio compares neighbouring rounds, and a missed target is shown."""

from pathlib import Path

import pytest

from tests.benchmarks.results import RESULTS_FILE, as_markdown, compare, measure, read, report


def test_the_ratio_is_the_median_of_neighbouring_rounds() -> None:
    line = compare("first webhook", "sqlite", "req/s", [100, 200, 400], [50, 160, 240], at_least=0.6)
    assert (line.floor, line.ours, line.compared) == (200, 160, 0.6)
    assert (line.low, line.high) == (0.5, 0.8)
    assert line.is_met


def test_a_value_without_a_floor_is_compared_with_its_limit() -> None:
    line = measure("start of a ring", "postgresql", "ms", [18, 25, 30], at_most=20)
    assert (line.floor, line.compared, line.is_met) == (None, 25, False)
    assert "missed" in as_markdown([line])


def test_reported_lines_are_kept_for_the_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RESULTS_FILE, str(tmp_path / "lines"))
    line = compare("list", "sqlite", "ms", [1.0], [3.0], at_most=4)
    assert report(line)
    assert read(tmp_path / "lines") == [line]
    assert "| list | sqlite | ms | 1.00 | 3.00 | 3.00 (3.00–3.00) | ≤ 4 |" in as_markdown([line])
