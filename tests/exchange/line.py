"""One exchange with its scripted application, its telephones, softphones and the SDK's REST client."""

import socket
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant
from twilio.rest import Client

from hotline.gateways.exchange.clients import Softphone, Telephone
from hotline.gateways.exchange.fault_client import FaultSwitches
from hotline.gateways.exchange.server import in_thread
from hotline.gateways.exchange.settings import ExchangeSettings
from tests.exchange.application import Application

ACCOUNT = "AC" + "0" * 32
TOKEN = "invented-auth-token"
KEY = "SK" + "0" * 32
SECRET = "invented-api-secret-of-some-length"
HOTLINE = "+865374412345"
CITIZEN = "13800001234"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def token_for(identity: str, *, secret: str = SECRET, ttl: int = 3600, incoming: bool = True) -> str:
    token = AccessToken(ACCOUNT, KEY, secret, identity=identity, ttl=ttl)
    token.add_grant(VoiceGrant(incoming_allow=incoming))
    return str(token.to_jwt())


def refused(action: Callable[[], object]) -> tuple[int, int]:
    """What the SDK's refusal carries: (HTTP status, error code)."""
    with pytest.raises(TwilioRestException) as refusal:
        action()
    return refusal.value.status, int(refusal.value.code or 0)


class Line:
    """One exchange with its application, and everything one can do with it."""

    def __init__(self, application: Application, stack: ExitStack, **changes: object) -> None:
        self.application = application
        self._stack = stack
        facts: dict[str, object] = {
            "account_sid": ACCOUNT,
            "auth_token": TOKEN,
            "api_key": KEY,
            "api_secret": SECRET,
            "number": HOTLINE,
            "voice_url": application.url("/voice"),
            "status_url": application.url("/status"),
            "port": free_port(),
            "pace": 0.02,
            "calls_per_second": 0.0,
        }
        self.settings = ExchangeSettings(**(facts | changes))  # type: ignore[arg-type]
        self.url = stack.enter_context(in_thread(self.settings))
        self.client = Client(ACCOUNT, TOKEN, http_client=TwilioHttpClient(timeout=10))
        self.client.api.base_url = self.url
        self.faults = FaultSwitches(self.url)

    def telephone(self, number: str = CITIZEN) -> Telephone:
        return self._stack.enter_context(Telephone(self.url, number))

    def softphone(self, identity: str = "agent_7") -> Softphone:
        return self._stack.enter_context(Softphone(self.url, token_for(identity)))

    def calling(self, number: str = CITIZEN) -> Telephone:
        """A telephone that has just dialled the hotline."""
        telephone = self.telephone(number)
        telephone.dial("4412345")
        return telephone
