"""Signatures: the published vector, and agreement with the SDK's own validator on unusual addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from hotline.exchange.core.webhook_client import sign, signed_url

VECTOR = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675310",
    "Digits": "1234",
    "From": "+14158675310",
    "To": "+18005551212",
}


def test_the_published_vector_is_reproduced() -> None:
    signature = sign("12345", "https://example.com/myapp.php?foo=1&bar=2", VECTOR)
    assert signature == "L/OH5YylLD5NRKLltdqwSvS0BnU="


@pytest.mark.parametrize(
    ("configured", "signed"),
    [
        ("http://127.0.0.1:8000/voice/incoming", "http://127.0.0.1:8000/voice/incoming"),
        ("http://127.0.0.1:8000/v?a=1#ct=1000&rc=2", "http://127.0.0.1:8000/v?a=1"),
        ("https://user:pw@example.com/v", "https://example.com/v"),
        ("https://example.com:8443/v?x=%E5%BC%A0+b", "https://example.com/v?x=%E5%BC%A0+b"),
        ("http://example.com/a@b", "http://example.com/a@b"),
    ],
)
def test_only_what_the_receiver_sees_is_signed(configured: str, signed: str) -> None:
    assert signed_url(configured) == signed


@given(
    st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8"))),
    st.sampled_from(["http://127.0.0.1:8000/v", "https://example.com/v?a=1&b=%2F", "http://example.com/"]),
)
def test_the_sdk_agrees_whatever_the_fields(form: dict[str, str], url: str) -> None:
    assert RequestValidator("t").validate(url, form, sign("t", url, form))
