"""Words of failures outside quote no number."""

import pytest

from hotline.rules.failures import without_numbers


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("The number +8613800001234 is not verified", "The number … is not verified"),
        ("05374412345,4412345", "…,…"),
        ("HTTP 503 from port 65535", "HTTP 503 from port 65535"),
        ("", ""),
    ],
)
def test_a_quoted_number_is_removed_and_a_status_stays(text: str, kept: str) -> None:
    assert without_numbers(text) == kept
