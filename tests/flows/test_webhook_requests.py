"""Unsigned requests are refused without a trace; signed ones get a clear response, never a 500."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from twilio.request_validator import RequestValidator

from ivr_flows.webhooks.blueprint import WEBHOOKS
from ivr_flows.webhooks.webhook import MAX_BYTES
from tests.flows.conftest import CALLER, PUBLIC, SID, TOKEN, Carrier, Ledger

FORM = {"CallSid": SID, "From": CALLER, "To": "+865374412345", "CallStatus": "ringing"}
ADDRESSES = sorted(
    webhook.route.replace("<int:offer_id>", "1").replace("<int:call_id>", "1").replace("<ref>", "abc")
    for webhook in WEBHOOKS
)


def signed(url: str, form: dict[str, str]) -> str:
    return RequestValidator(TOKEN).compute_signature(url, form)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_request_the_carrier_did_not_sign_leaves_no_trace(
    carrier: Carrier, ledger: Ledger, address: str
) -> None:
    before = ledger.rows()
    good = signed(PUBLIC + address, FORM)
    attempts = [
        {},
        {"X-Twilio-Signature": ""},
        {"X-Twilio-Signature": "nonsense"},
        {"X-Twilio-Signature": "签名"},
        {"X-Twilio-Signature": good[:-2]},
        {"X-Twilio-Signature": good.swapcase()},
        {"X-Twilio-Signature": signed("https://elsewhere.example" + address, FORM)},
        {"X-Twilio-Signature": RequestValidator("other").compute_signature(PUBLIC + address, FORM)},
    ]
    for headers in attempts:
        assert carrier.send(address, FORM, headers).status == 403
    assert carrier.send(address, {**FORM, "Digits": "1"}, {"X-Twilio-Signature": good}).status == 403
    assert carrier.send(f"{address}?x=1", FORM, {"X-Twilio-Signature": good}).status == 403
    assert ledger.rows() == before


def test_every_address_is_served_for_post_alone_and_never_redirects(app: Flask) -> None:
    client = app.test_client()
    for address in ADDRESSES:
        assert client.post(address).status_code == 403
        assert client.get(address).status_code == 405
        assert client.post(f"{address}/").status_code in {403, 404}


@pytest.mark.parametrize(
    "body",
    [b"CallSid=%ff", "CallSid=张".encode("gb18030"), b"&".join(b"a=1" for _ in range(400)), b"\x00\xff\xfe"],
)
def test_a_body_no_carrier_sends_is_refused(app: Flask, ledger: Ledger, body: bytes) -> None:
    response = app.test_client().post(
        "/voice/incoming",
        data=body,
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": signed(f"{PUBLIC}/voice/incoming", {})},
    )
    assert response.status_code == 403
    assert ledger.rows()["calls"] == 0


def test_a_body_of_another_kind_is_refused(app: Flask) -> None:
    headers = {"X-Twilio-Signature": signed(f"{PUBLIC}/voice/incoming", FORM)}
    assert app.test_client().post("/voice/incoming", json=FORM, headers=headers).status_code == 403
    assert app.test_client().post("/voice/incoming", data=b"", headers=headers).status_code == 403


def test_a_truncated_body_is_refused(app: Flask, ledger: Ledger) -> None:
    headers = {"X-Twilio-Signature": signed(f"{PUBLIC}/voice/incoming", FORM), "Content-Length": "500"}
    client: FlaskClient = app.test_client()
    kind = "application/x-www-form-urlencoded"
    response = client.post("/voice/incoming", data=b"CallSid=CA1", content_type=kind, headers=headers)
    assert response.status_code == 403
    assert ledger.rows()["receipts"] == 0


def test_far_too_much_is_refused(app: Flask) -> None:
    body = b"a=" + b"x" * MAX_BYTES
    kind = "application/x-www-form-urlencoded"
    assert app.test_client().post("/voice/incoming", data=body, content_type=kind).status_code == 413


@pytest.mark.parametrize("query", ["name=%E5%BC%A0%E4%B8%89", "u=a%3Ab%2Fc&v=%2B1+2", "empty=&turn="])
def test_an_escaped_query_is_verified_as_it_came_over_the_wire(carrier: Carrier, query: str) -> None:
    assert carrier.post(f"/voice/incoming?{query}", CallStatus="ringing").status == 200


@pytest.mark.parametrize("sid", ["", "CA" + "x" * 60])
@pytest.mark.parametrize(
    "address", ["/voice/incoming", "/voice/heard", "/voice/status", "/voice/wait", "/voice/desk/1"]
)
def test_a_signed_webhook_that_does_not_name_its_call_is_refused(
    carrier: Carrier, ledger: Ledger, address: str, sid: str
) -> None:
    answer = carrier.post(address, CallSid=sid)
    assert (answer.status, answer.text) == (400, "CallSid is missing, or longer than 40 characters.")
    assert ledger.rows()["receipts"] == 0


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_signed_webhook_with_nothing_but_its_sid_is_answered(carrier: Carrier, address: str) -> None:
    form = {"CallSid": SID}
    answer = carrier.send(address, form, {"X-Twilio-Signature": signed(PUBLIC + address, form)})
    assert answer.status in {200, 204}


@pytest.mark.parametrize(
    "address", ["/voice/desk/x", "/voice/talk/-1", "/voice/desk/99999999999999999999", "/voice/nothing"]
)
def test_addresses_that_do_not_exist_do_not_break(carrier: Carrier, address: str) -> None:
    assert carrier.post(address, CallSid=SID).status in {200, 404}


def test_a_caller_whose_number_no_database_can_hold_is_received(carrier: Carrier, ledger: Ledger) -> None:
    assert carrier.arrives(From="+86138\x0000001111", To="sip:\x00@h").verbs[-1] == "Gather"
    assert (ledger.call().number, ledger.call().number_raw) == ("+8613800001111", "+8613800001111")
    assert ledger.call().dialed == "sip:@h"


def test_a_call_whose_name_no_database_can_hold_is_refused(carrier: Carrier, ledger: Ledger) -> None:
    assert carrier.post("/voice/incoming", CallSid="CA\x00").status == 400
    assert ledger.rows()["calls"] == 0
