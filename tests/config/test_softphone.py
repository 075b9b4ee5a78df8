"""The telephones of the desks follow from the carrier and four settings; a wrong combination is named."""

import pytest
from structlog.testing import capture_logs

from config.processes.serve import console_options
from config.settings import BadSettings, Settings, read_settings
from config.softphone import DeskTelephones
from config.wiring import build
from tests.config.test_wiring import PRODUCTION

ELSEWHERE = {**PRODUCTION, "TWILIO_API_URL": "https://carrier.example"}
SIP = {"SOFTPHONE_DRIVER": "sip", "SOFTPHONE_URL": "sip:pbx.example:5060"}


def telephones(environ: dict[str, str]) -> DeskTelephones:
    return read_settings(environ).telephones


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (PRODUCTION, ("twilio", "", "", False)),
        ({**PRODUCTION, "SOFTPHONE_EDGE": "singapore,tokyo"}, ("twilio", "", "", False)),
        ({**PRODUCTION, **SIP}, ("sip", "", "pbx.example:5060", False)),
        (ELSEWHERE, ("none", "", "", False)),
        ({**ELSEWHERE, **SIP}, ("sip", "", "pbx.example:5060", False)),
        (
            {**ELSEWHERE, "SOFTPHONE_DRIVER": "twilio", "SOFTPHONE_URL": "wss://voice.carrier.example"},
            ("twilio", "wss://voice.carrier.example", "", False),
        ),
        (
            {**ELSEWHERE, "SOFTPHONE_DRIVER": "exchange", "SOFTPHONE_URL": "wss://exchange.example"},
            ("exchange", "wss://exchange.example", "", False),
        ),
        ({**ELSEWHERE, **SIP, "CARRIER_PROFILE": "narrow"}, ("sip", "", "pbx.example:5060", True)),
        ({}, ("exchange", "ws://127.0.0.1:8010", "", False)),
        ({"CARRIER_PROFILE": "narrow"}, ("exchange", "ws://127.0.0.1:8010", "127.0.0.1:8010", True)),
    ],
)
def test_the_telephones_follow_from_the_carrier_and_the_settings(
    tmp_path: object, environ: dict[str, str], expected: tuple[str, str, str, bool]
) -> None:
    found = telephones({"HOTLINE_HOME": str(tmp_path), **environ})
    assert (found.driver, found.origin, found.sip_host, found.reports_answer) == expected


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({**PRODUCTION, "CARRIER_PROFILE": "narrow"}, "SOFTPHONE_DRIVER must be sip"),
        ({**ELSEWHERE, "SOFTPHONE_DRIVER": "webrtc"}, "SOFTPHONE_DRIVER must be twilio, sip or exchange"),
        ({**ELSEWHERE, "SOFTPHONE_DRIVER": "sip"}, "SOFTPHONE_URL must be sip:host"),
        (
            {**ELSEWHERE, "SOFTPHONE_DRIVER": "sip", "SOFTPHONE_URL": "wss://pbx.example"},
            "SOFTPHONE_URL must be sip:",
        ),
        ({**ELSEWHERE, "SOFTPHONE_DRIVER": "exchange"}, "SOFTPHONE_URL must be ws"),
        ({**PRODUCTION, "SOFTPHONE_URL": "https://voice.example"}, "SOFTPHONE_URL must be wss"),
        ({**PRODUCTION, "SOFTPHONE_URL": "wss://a.example;script-src"}, "SOFTPHONE_URL must be wss"),
        ({**PRODUCTION, "SOFTPHONE_SCRIPT": "http://sdk.example/x.js"}, "SOFTPHONE_SCRIPT must be the https"),
        ({**PRODUCTION, "SOFTPHONE_EDGE": "a b"}, "SOFTPHONE_EDGE must be"),
        ({**ELSEWHERE, **SIP, "SOFTPHONE_EDGE": "tokyo"}, "SOFTPHONE_EDGE must be"),
    ],
)
def test_a_wrong_combination_stops_the_boot_with_its_name(environ: dict[str, str], named: str) -> None:
    with pytest.raises(BadSettings, match=f"^{named}"):
        read_settings(environ)


def booted(settings: Settings) -> list[str]:
    components = build(settings)
    with capture_logs() as logs:
        console_options(components, 1)
    components.application.engine.dispose()
    components.redis.close()
    return [entry["event"] for entry in logs]


def test_an_installation_whose_desks_cannot_ring_says_so_when_it_starts() -> None:
    assert booted(read_settings(ELSEWHERE)) == ["softphone.none"]
    assert booted(read_settings({**ELSEWHERE, **SIP})) == []
