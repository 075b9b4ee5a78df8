"""published.toml is read strictly, and the shipped claims name statistics that exist."""

from datetime import date
from pathlib import Path

import pytest

from config.city.published import read_claims
from config.city.toml_file import BadFile
from hotline.rules.city import Claim
from tests.city_texts import EXAMPLE, source


def test_the_shipped_claims_are_those_of_2016() -> None:
    claims = read_claims(source(EXAMPLE / "published.toml"))
    assert Claim("closure_rate", "99.58", last=date(2016, 6, 12)) in claims


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            'statistic = "x"\nvalue = "1"\nto = "2016-06-12"',
            "claim[1].statistic: must be one of connect_rate",
        ),
        (
            'statistic = "closure_rate"\nvalue = "9,9"\nto = "2016-06-12"',
            "claim[1].value: must be a percentage",
        ),
        ('statistic = "closure_rate"\nvalue = "9"\nto = "June"', "claim[1].to: must be a day like"),
        (
            'statistic = "closure_rate"\nvalue = "9"\nfrom = "x"\nto = "2016-06-12"',
            "claim[1].from: must be a day",
        ),
        (
            'statistic = "closure_rate"\nvalue = "9"\nto = "2016-06-12"\nsince = "x"',
            "claim[1].since: is not known",
        ),
    ],
)
def test_a_claim_that_cannot_be_used_is_refused_by_key(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "published.toml"
    path.write_text(f"[[claim]]\n{text}\n", encoding="utf-8")
    with pytest.raises(BadFile) as refused:
        read_claims(source(path))
    assert str(refused.value).startswith(f"published.toml: {complaint}")
