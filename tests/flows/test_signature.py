"""Our one HMAC agrees with the carrier's own validator, and malformed requests are refused."""

from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from ivr_flows.webhooks.signature import MOST_FIELDS, Signature, Unreadable, raw_target, read_form

TOKEN = "12345"
BASES = [
    "https://hotline.example",
    "http://hotline.example:8000",
    "https://hotline.example:8443",
    "http://127.0.0.1:8000",
]
words = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)
forms = st.lists(st.tuples(words.filter(bool), words), max_size=12)


def test_the_official_vector() -> None:
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }
    signature = Signature.of(TOKEN, "https://example.com")
    given_one = "L/OH5YylLD5NRKLltdqwSvS0BnU="
    assert signature.matches("/myapp.php?foo=1&bar=2", fields.items(), given_one)
    assert not signature.matches("/myapp.php?bar=2&foo=1", fields.items(), given_one)


@given(st.sampled_from(BASES), forms, words)
def test_whatever_the_carriers_validator_signs_we_accept(
    base: str, fields: list[tuple[str, str]], asked: str
) -> None:
    target = f"/voice/heard?turn=3&name={quote(asked)}"
    validator = RequestValidator(TOKEN)
    body = urlencode(fields).encode()
    signed = validator.compute_signature(base + target, MultiDict(fields))
    assert validator.validate(base + target, MultiDict(fields), signed)
    assert Signature.of(TOKEN, base).matches(target, read_form(body), signed)


@given(st.sampled_from(BASES), forms, st.text(max_size=30))
def test_whatever_the_carriers_validator_refuses_we_refuse(
    base: str, fields: list[tuple[str, str]], claimed: str
) -> None:
    assert RequestValidator(TOKEN).validate(base + "/x", MultiDict(fields), claimed) is False
    assert not Signature.of(TOKEN, base).matches("/x", fields, claimed)


@given(forms, st.tuples(words.filter(bool), words))
def test_a_field_more_or_another_token_breaks_the_signature(
    fields: list[tuple[str, str]], extra: tuple[str, str]
) -> None:
    signed = RequestValidator(TOKEN).compute_signature("https://hotline.example/x", MultiDict(fields))
    ours = Signature.of(TOKEN, "https://hotline.example")
    assert ours.matches("/x", fields, signed)
    assert not Signature.of("12346", "https://hotline.example").matches("/x", fields, signed)
    if extra not in fields and extra[0] + extra[1]:
        joined = "".join(name + value for name, value in sorted({*fields, extra}))
        changed = joined != "".join(name + value for name, value in sorted(set(fields)))
        assert ours.matches("/x", [*fields, extra], signed) is not changed


@pytest.mark.parametrize(
    ("public", "signed"),
    [
        ("https://hotline.example", "https://hotline.example:443"),
        ("https://hotline.example:8443", "https://hotline.example"),
        ("http://hotline.example:8000", "http://hotline.example"),
        ("http://hotline.example", "http://hotline.example:80"),
        ("https://somebody:secret@hotline.example", "https://hotline.example"),
        ("https://hotline.example/", "https://hotline.example"),
    ],
)
def test_carriers_may_leave_out_or_add_the_port(public: str, signed: str) -> None:
    given_one = RequestValidator(TOKEN).compute_signature(f"{signed}/voice/status", {"CallSid": "CA1"})
    assert Signature.of(TOKEN, public).matches("/voice/status", [("CallSid", "CA1")], given_one)


@pytest.mark.parametrize(
    "body",
    [b"From=%ff%fe", "From=张".encode("gb18030"), b"&".join(b"a=1" for _ in range(MOST_FIELDS + 1))],
)
def test_a_body_no_carrier_sends_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_form(body)


@pytest.mark.parametrize(
    ("environ", "target"),
    [
        ({"RAW_URI": "/voice/heard?n=%E5%BC%A0"}, "/voice/heard?n=%E5%BC%A0"),
        ({"REQUEST_URI": "/voice/heard?"}, "/voice/heard?"),
        ({"RAW_URI": "http://proxy:8000/voice/heard?a=1"}, "/voice/heard?a=1"),
        ({"RAW_URI": "/voice/heard#rc=2"}, "/voice/heard"),
        ({"PATH_INFO": "/voice/heard", "QUERY_STRING": "a=%2B1"}, "/voice/heard?a=%2B1"),
        ({"SCRIPT_NAME": "/line", "PATH_INFO": "/voice/heard", "QUERY_STRING": ""}, "/line/voice/heard"),
    ],
)
def test_the_target_is_taken_as_it_came_over_the_wire(environ: dict[str, object], target: str) -> None:
    assert raw_target(environ) == target
