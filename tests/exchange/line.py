"""One exchange with its scripted application, its telephones, softphones and the SDK's REST client."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Self

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant
from twilio.rest import Client

from hotline.exchange.clients.fault_client import FaultSwitches
from hotline.exchange.clients.telephone import PhoneState, Softphone, Telephone
from hotline.exchange.server import running_in_thread
from hotline.exchange.vocabulary.settings import ExchangeSettings
from tests.exchange.application import Application
from tests.ports import free_port

ACCOUNT = "AC" + "0" * 32
TOKEN = "invented-auth-token"
KEY = "SK" + "0" * 32
APP = "AP" + "0" * 32
SECRET = "invented-api-secret-of-some-length"
HOTLINE = "+865374412345"
CITIZEN = "13800001234"


def token_for(
    identity: str,
    *,
    secret: str = SECRET,
    ttl: int = 3600,
    incoming: bool = True,
    application: str | None = APP,
) -> str:
    token = AccessToken(ACCOUNT, KEY, secret, identity=identity, ttl=ttl)
    token.add_grant(VoiceGrant(incoming_allow=incoming, outgoing_application_sid=application))
    return str(token.to_jwt())


def api_error(action: Callable[[], object]) -> tuple[int, int]:
    """Returns the HTTP status and the error code of the SDK's exception."""
    with pytest.raises(TwilioRestException) as refusal:
        action()
    return refusal.value.status, int(refusal.value.code or 0)


def default_settings(application: Application) -> dict[str, object]:
    """Returns the settings of a fast exchange for this application, without a limit of calls per second."""
    return {
        "account_sid": ACCOUNT,
        "auth_token": TOKEN,
        "api_key": KEY,
        "api_secret": SECRET,
        "app_sid": APP,
        "number": HOTLINE,
        "voice_url": application.url("/voice"),
        "status_url": application.url("/status"),
        "port": free_port(),
        "pace": 0.02,
        "calls_per_second": 0.0,
    }


class Line:
    """One exchange with its application and its clients."""

    def __init__(self, application: Application, stack: ExitStack, **changes: object) -> None:
        settings = ExchangeSettings(**(default_settings(application) | changes))  # type: ignore[arg-type]
        self._settle(stack.enter_context(running_in_thread(settings)), application, stack, settings)

    @classmethod
    def at(cls, url: str, application: Application, stack: ExitStack, settings: ExchangeSettings) -> Self:
        """Returns a line to an exchange that is already running."""
        line = cls.__new__(cls)
        line._settle(url, application, stack, settings)
        return line

    def _settle(
        self, url: str, application: Application, stack: ExitStack, settings: ExchangeSettings
    ) -> None:
        self.application = application
        self._stack = stack
        self.settings = settings
        self.url = url
        self.client = Client(ACCOUNT, TOKEN, http_client=TwilioHttpClient(timeout=10))
        self.client.api.base_url = self.url
        self.faults = FaultSwitches(self.url)

    def telephone(self, number: str = CITIZEN, answers: str = "") -> Telephone:
        return self._stack.enter_context(Telephone(self.url, number, answers))

    def softphone(
        self, identity: str = "agent_7", *, application: str | None = APP, ttl: int = 3600
    ) -> Softphone:
        token = token_for(identity, application=application, ttl=ttl)
        return self._stack.enter_context(Softphone(self.url, token))

    def page(self, path: str) -> str:
        """Returns one of the exchange's own pages."""
        return requests.get(self.url + path, timeout=5).text

    def calling(self, number: str = CITIZEN) -> Telephone:
        """Returns a telephone that has dialled the hotline and knows its call's id, or was refused."""
        telephone = self.telephone(number)
        telephone.dial("4412345")
        # The application may be asked before the telephone has received the id of its call.
        telephone.wait_for(
            lambda: bool(telephone.call_sid or telephone.errors) or telephone.state is PhoneState.ENDED,
            10,
            "the telephone does not know its call",
        )
        return telephone
