"""A carrier that posts signed webhooks to a real application and checks what became of them."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from hotline.exchange.twiml.validation import parse_tree, validate
from hotline.exchange.vocabulary.enums import DocumentContext
from hotline.gateways.addresses import VoiceAddresses
from hotline.rules.enums import CallState
from hotline.rules.people.actors import Person
from hotline.rules.policies import Policies
from hotline.store.calls.tables import Call, Offer
from hotline.store.outbound import Callback
from hotline.store.tables import Base
from hotline.unit_of_work import Application
from ivr_flows.loader import OUR_FILES, load_scripts, load_stored_script
from ivr_flows.webhooks.blueprint import voice_blueprint
from ivr_flows.webhooks.flow_registry import FlowRegistry
from tests.builders import make_colleague
from tests.flows.simulated_calls import our_scripts
from tests.policies import city_policies

TOKEN = "0123456789abcdef"
PUBLIC = "https://hotline.example"
CALLER = "+8613800001234"
SID = "CA" + "a" * 32
LEG = "CA" + "b" * 32
_tokens = count(1)


@dataclass(frozen=True)
class Answer:
    """A response to a webhook."""

    status: int
    text: str
    kind: str

    @property
    def verbs(self) -> list[str]:
        """Names of the document's verbs, in order."""
        return [verb.tag for verb in parse_tree(self.text)]

    @property
    def words(self) -> str:
        """All that is said, in order."""
        return "".join(say.text or "" for say in parse_tree(self.text).iter("Say"))

    def find(self, path: str) -> ET.Element:
        found = parse_tree(self.text).find(path)
        assert found is not None, f"no {path} in {self.text}"
        return found


class Carrier:
    """Posts webhooks as the carrier does. `tokens`: whether requests carry an idempotency token of their own."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.tokens = True
        self.validator = RequestValidator(TOKEN)

    def post(self, path: str, *, token: str | None = None, **fields: str) -> Answer:
        """Posts a signed webhook of the caller's call unless `fields` say otherwise, and checks the document."""
        path = path.removeprefix(PUBLIC)
        standard = {
            "CallSid": SID,
            "From": CALLER,
            "To": "+865374412345",
            "CallStatus": "in-progress",
            "Direction": "inbound",
            "FromCity": "",
        }
        form = {name: value for name, value in {**standard, **fields}.items() if value is not None}
        headers = {"X-Twilio-Signature": self.validator.compute_signature(PUBLIC + path, form)}
        if self.tokens or token:
            headers["I-Twilio-Idempotency-Token"] = token or f"token-{next(_tokens)}"
        answer = self.send(path, form, headers)
        self._check(path, answer)
        return answer

    def send(self, path: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """Posts exactly this."""
        response = self.client.post(path, data=MultiDict(form), headers=headers)
        return Answer(response.status_code, response.get_data(as_text=True), response.mimetype)

    def follow(self, answer: Answer, path: str, attribute: str, **fields: str) -> Answer:
        """Posts to the URL that a document names."""
        target = answer.find(path).get(attribute) if attribute else answer.find(path).text
        assert target is not None
        return self.post(target, **fields)

    def _check(self, path: str, answer: Answer) -> None:
        if answer.status == 200:
            assert answer.kind == "text/xml"
            context = DocumentContext.WAIT if path.startswith("/voice/wait") else DocumentContext.CALL
            assert validate(answer.text, context) == [], answer.text
        elif answer.status == 204:
            assert answer.text == ""

    def arrives(self, **fields: str) -> Answer:
        return self.post("/voice/incoming", **{"CallStatus": "ringing", **fields})

    def presses(self, menu: Answer, key: str, **fields: str) -> Answer:
        return self.follow(menu, "Gather", "action", Digits=key, **fields)

    def listens(self, answer: Answer) -> Answer:
        """Hears a document to its end where the hotline goes on without the caller, and returns the next one."""
        assert answer.verbs[-1] == "Redirect"
        return self.follow(answer, "Redirect", "")

    def waits(self) -> Answer:
        """Calls and presses nothing; returns the response that puts the caller into the queue."""
        return self.presses(self.arrives(), "")

    def hangs_up(self, status: str = "completed", **fields: str) -> Answer:
        return self.post("/voice/status", CallStatus=status, SequenceNumber="0", CallDuration="9", **fields)


@dataclass(frozen=True)
class Ledger:
    """Reads the rows that the webhooks left behind."""

    engine: Engine

    def one(self, statement: object) -> object:
        with Session(self.engine) as session:
            return session.scalar(statement)  # type: ignore[call-overload]

    def call(self, sid: str = SID) -> Call:
        with Session(self.engine) as session:
            return session.execute(select(Call).where(Call.sid == sid)).scalar_one()

    def state(self, sid: str = SID) -> CallState:
        return self.call(sid).state

    def change_language(self, language: str) -> None:
        with Session(self.engine) as session:
            session.execute(update(Call).values(language=language))
            session.commit()

    def offer(self) -> Offer:
        """Returns the latest offer."""
        with Session(self.engine) as session:
            return session.execute(select(Offer).order_by(Offer.id.desc()).limit(1)).scalar_one()

    def callbacks(self) -> list[Callback]:
        with Session(self.engine) as session:
            return list(session.scalars(select(Callback).order_by(Callback.id)))

    def rows(self) -> dict[str, int]:
        """Returns the number of rows of each table."""
        with Session(self.engine) as session:
            return {
                name: session.scalar(select(func.count()).select_from(table)) or 0
                for name, table in Base.metadata.tables.items()
            }


@pytest.fixture
def registry(policies: Policies) -> FlowRegistry:
    """The product's own scripts; under the usual policies they are read once a process."""
    scripts = our_scripts() if policies == city_policies() else load_scripts(policies)
    return FlowRegistry(scripts, policies, load_stored_script)


@pytest.fixture
def app(application: Application, registry: FlowRegistry) -> Flask:
    app = Flask("voice")
    app.register_blueprint(voice_blueprint(application, registry, TOKEN, VoiceAddresses(PUBLIC)))
    return app


@pytest.fixture
def colleague(application: Application) -> Person:
    """An operator who is on duty but takes no calls."""
    return make_colleague(application)


@pytest.fixture
def carrier(app: Flask, colleague: Person) -> Iterator[Carrier]:
    with app.test_client() as client:
        yield Carrier(client)


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    return Ledger(engine)


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """A city's own copy of flows and prompts."""
    folder = tmp_path / "city"
    for name in "flows", "prompts":
        shutil.copytree(OUR_FILES / name, folder / name)
    return folder
