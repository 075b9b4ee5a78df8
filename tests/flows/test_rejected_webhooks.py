"""A webhook that is rejected leaves one line in the log: which one and why, without anything that the sender wrote."""

from pathlib import Path

import pytest
from flask import Flask
from structlog.testing import capture_logs
from twilio.request_validator import RequestValidator

from config.processes.serve import voice_app
from config.settings import read_settings
from config.wiring import build
from ivr_flows.webhooks.webhook import MAX_BYTES
from tests.flows.conftest import CALLER, PUBLIC, SID, TOKEN

FORM = {"CallSid": SID, "From": CALLER, "To": "+865374412345", "CallStatus": "ringing"}
HOST = PUBLIC.partition("://")[2]
KIND = "application/x-www-form-urlencoded"


def rejection(app: Flask, path: str, **request: object) -> tuple[int, dict[str, object]]:
    """Posts the request and returns the status and the one line of the log."""
    with capture_logs() as logs:
        status = app.test_client().open(path, **{"method": "POST", **request}).status_code  # type: ignore[arg-type]
    (line,) = [line for line in logs if line["event"] == "webhook.rejected"]
    assert not any(text in str(line) for text in (CALLER, SID, "forged"))
    assert line["status"] == status
    return status, dict(line)


def signature(url: str, token: str = TOKEN, form: dict[str, str] | None = None) -> dict[str, str]:
    return {
        "X-Twilio-Signature": RequestValidator(token).compute_signature(url, FORM if form is None else form)
    }


@pytest.mark.parametrize(
    ("request_", "status", "reason"),
    [
        ({"data": FORM}, 403, "the header X-Twilio-Signature is missing"),
        ({"data": FORM, "headers": {"X-Twilio-Signature": "forged"}}, 403, "the signature does not match"),
        (
            {"data": FORM, "headers": signature(f"{PUBLIC}/voice/status", "another token")},
            403,
            "the signature does not match: another TWILIO_AUTH_TOKEN",
        ),
        (
            {"data": FORM, "headers": signature("https://elsewhere.example/voice/status")},
            403,
            "the signature does not match",
        ),
        (
            {
                "data": FORM,
                "base_url": "http://other.example:8080",
                "headers": signature("http://other.example:8080/voice/status"),
            },
            403,
            "signed for http://other.example:8080, which is not PUBLIC_URL",
        ),
        (
            {"data": FORM, "base_url": f"http://{HOST}", "headers": signature(f"http://{HOST}/voice/status")},
            403,
            f"signed for http://{HOST}, which is not PUBLIC_URL",
        ),
        ({"data": b"CallSid=%ff", "content_type": KIND}, 403, "the body is not a form in UTF-8"),
        ({"json": FORM}, 403, "the content type is not"),
        ({"data": b"a=" + b"x" * MAX_BYTES, "content_type": KIND}, 413, f"more than {MAX_BYTES} bytes"),
        (
            {"data": {"CallSid": ""}, "headers": signature(f"{PUBLIC}/voice/status", form={"CallSid": ""})},
            400,
            "CallSid is missing",
        ),
    ],
)
def test_the_line_says_which_webhook_and_why(
    app: Flask, request_: dict[str, object], status: int, reason: str
) -> None:
    found, line = rejection(app, "/voice/status", **request_)
    assert (found, line["webhook"]) == (status, "status")
    assert reason in str(line["reason"])


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (("GET", "/voice/incoming"), (405, "/voice/incoming", "sent with GET instead of POST")),
        (("POST", "/voice/forged"), (404, "", "no webhook has this address")),
    ],
)
def test_an_address_or_method_that_is_wrong_at_the_carrier_is_logged(
    tmp_path: Path, request_: tuple[str, str], expected: tuple[int, str, str]
) -> None:
    app = voice_app(build(read_settings({"HOTLINE_HOME": str(tmp_path)})))
    method, path = request_
    status, line = rejection(app, path, method=method)
    assert (status, line["webhook"], line["reason"]) == expected
