"""A console for every test here: the real application on a real database, a browser for it, and a way to sign in."""

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from jinja2.bccache import Bucket, BytecodeCache

import agent_console
from agent_console.app import ConsoleOptions, SoftphoneOptions, register
from agent_console.web.flow_catalog import FlowCatalog
from config.flow_catalog import CityFlows
from config.wiring import load_registry
from hotline.rules.people.actors import Person
from hotline.services.people import sign_ins
from hotline.unit_of_work import Application
from tests.city_texts import catalog
from tests.policies import city_policies
from tests.stopped_clock import StoppedClock

SignIn = Callable[[Person], FlaskClient]


@pytest.fixture(scope="session", autouse=True)
def english() -> None:
    """Compile the English catalogue if it is older than its source."""
    source = Path(agent_console.__file__).parent / "translations/en/LC_MESSAGES/messages.po"
    target = source.with_suffix(".mo")
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        with source.open("rb") as text, target.open("wb") as compiled:
            write_mo(compiled, read_po(text))


class Compiled(BytecodeCache):
    """Templates compiled once a process: every test has an application of its own, which would compile them anew."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


_COMPILED = Compiled()


def arm_with_csrf_token(app: Flask, client: FlaskClient) -> None:
    """Let `client` send a valid CSRF token with every request, as our pages do."""
    raw = secrets.token_hex(20)
    with client.session_transaction() as session:
        session["csrf_token"] = raw
    signed = URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token").dumps(raw)
    client.environ_base["HTTP_X_CSRFTOKEN"] = str(signed)


@pytest.fixture(scope="session")
def flow_catalog() -> FlowCatalog:
    """The flows of the city's files."""
    policies = city_policies()
    return CityFlows(load_registry(policies), lambda: policies)


@pytest.fixture
def console_options(redis_url: str, flow_catalog: FlowCatalog, clock: StoppedClock) -> ConsoleOptions:
    return ConsoleOptions(
        secret_key="only for tests",
        public_url="http://localhost",
        default_locale="zh_CN",
        softphone=SoftphoneOptions("exchange", "ws://127.0.0.1:1", lambda identity: f"token of {identity}"),
        redis_url=redis_url,
        flows=flow_catalog,
        city=catalog(clock),
    )


@pytest.fixture
def app(application: Application, console_options: ConsoleOptions) -> Flask:
    """The console as config builds it, with forged-form checks switched on."""
    made = Flask("hotline-under-test", static_folder=None)
    made.jinja_options = {"bytecode_cache": _COMPILED}
    register(made, application, console_options)
    return made


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    """A browser nobody has signed in with."""
    return app.test_client()


def sign_in_to(app: Flask, application: Application, person: Person) -> FlaskClient:
    """Returns a new browser of `app` in which `person` is signed in and which sends the CSRF token by itself."""
    with application.unit_of_work(person) as work:
        token = sign_ins.sign_in(work, person.id)
    client = app.test_client()
    with client.session_transaction() as session:
        session["sign_in"] = token
    arm_with_csrf_token(app, client)
    return client


@pytest.fixture
def signed_in(app: Flask, application: Application) -> SignIn:
    """Returns a new browser in which `person` is signed in and which sends the CSRF token by itself."""

    return lambda person: sign_in_to(app, application, person)
