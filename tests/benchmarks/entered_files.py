"""Counts the project's own files that one request enters, for the scoreboard: `python -m tests.benchmarks.entered_files`.

A file is entered when a function of it runs while the request is answered. Every request is sent three times and the
third one is counted, so that caches are filled and lazy imports are done. Templates are not counted.
"""

import secrets
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from twilio.request_validator import RequestValidator

from agent_console.app import ConsoleOptions, SoftphoneOptions, register
from config.flow_catalog import CityFlows
from config.wiring import load_registry
from hotline.clock import system_clock
from hotline.gateways.addresses import VoiceAddresses
from hotline.rules.enums import Role
from hotline.rules.people.actors import Person
from hotline.services.people import sign_ins
from hotline.store.engine import open_engine
from hotline.store.tables import Base
from hotline.unit_of_work import Application
from ivr_flows.webhooks.blueprint import voice_blueprint
from tests.builders import make_colleague, make_unit, make_user, person_of
from tests.city_texts import catalog
from tests.console.conftest import arm_with_csrf_token
from tests.console.desk_scenes import talking_desk
from tests.policies import city_policies

ROOT = Path(__file__).resolve().parents[2]
OWN = tuple(f"{ROOT / package}/" for package in ("hotline", "ivr_flows", "agent_console", "config"))
TOKEN = "0123456789abcdef"
PUBLIC = "https://hotline.example"
HAND_OFF = {
    "type": "complaint",
    "title": "路灯不亮",
    "text": "春秋路东侧路灯不亮",
    "unit_code": "city-management",
}


@contextmanager
def counted(found: set[str]) -> Iterator[None]:
    """Collects into `found` the own files whose functions run in the block, in this thread and in new ones."""

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        name = frame.f_code.co_filename
        if event == "call" and name.startswith(OWN) and name.endswith(".py"):
            found.add(str(Path(name).relative_to(ROOT)))

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


@dataclass(frozen=True)
class City:
    """The two web adapters over one database, with the files that a request entered."""

    application: Application
    voice: Flask
    console: Flask

    def post_voice(self, path: str, **fields: str) -> None:
        """Posts one signed webhook."""
        form = {
            "From": "+8613800001234",
            "To": self.application.policies.number,
            "Direction": "inbound",
            **fields,
        }
        signature = RequestValidator(TOKEN).compute_signature(PUBLIC + path, form)
        headers = {"X-Twilio-Signature": signature, "I-Twilio-Idempotency-Token": secrets.token_hex(16)}
        answer = self.voice.test_client().post(path, data=form, headers=headers)
        assert answer.status_code == 200, answer.status

    def signed_in(self, person: Person) -> FlaskClient:
        """Returns a browser in which `person` is signed in."""
        with self.application.unit_of_work(person) as work:
            token = sign_ins.sign_in(work, person.id)
        client = self.console.test_client()
        with client.session_transaction() as session:
            session["sign_in"] = token
        arm_with_csrf_token(self.console, client)
        return client

    def draft(self) -> tuple[FlaskClient, str, dict[str, Any]]:
        """Returns a browser of an operator in a call, and the address and body that hand off the call's ticket."""
        person, call = talking_desk(self.application)
        client = self.signed_in(person)
        draft = client.post(f"/console/desk/calls/{call.id}/draft").get_json()
        body = {"revision": draft["revision"], "facts": HAND_OFF}
        return client, f"/console/desk/tickets/{draft['ticket_id']}/hand-off", body


def build(folder: str) -> City:
    """Builds a city with an empty SQLite database in `folder`, one unit and no operators."""
    engine = open_engine(f"sqlite:///{folder}/entered.sqlite3")
    Base.metadata.create_all(engine)
    policies = city_policies()
    application = Application(engine=engine, clock=system_clock, policies=policies, announce=lambda *_: None)
    registry = load_registry(policies)
    voice, console = Flask("voice"), Flask("console", static_folder=None)
    voice.register_blueprint(voice_blueprint(application, registry, TOKEN, VoiceAddresses(PUBLIC)))
    softphone = SoftphoneOptions("exchange", "ws://127.0.0.1:1", lambda identity: identity)
    options = ConsoleOptions(
        secret_key="only for counting",
        public_url="http://localhost",
        default_locale="zh_CN",
        softphone=softphone,
        redis_url="redis://127.0.0.1:1/0",
        flows=CityFlows(registry, lambda: policies),
        city=catalog(system_clock),
    )
    register(console, application, options)
    make_unit(application)
    make_colleague(application)
    return City(application, voice, console)


def entered(prepare: Callable[[], Callable[[], object]]) -> set[str]:
    """Returns the files that the third of three requests enters; `prepare` returns the request, ready to be sent."""
    found: set[str] = set()
    for _ in range(2):
        prepare()()
    request = prepare()
    with counted(found):
        request()
    return found


def requests(city: City) -> dict[str, Callable[[], Callable[[], object]]]:
    """Returns the scoreboard's four requests by name."""
    leader = city.signed_in(person_of(make_user(city.application, Role.SUPERVISOR)))

    def incoming() -> Callable[[], object]:
        sid = f"CA{secrets.token_hex(16)}"
        return lambda: city.post_voice("/voice/incoming", CallSid=sid, CallStatus="ringing")

    def key_press() -> Callable[[], object]:
        sid = f"CA{secrets.token_hex(16)}"
        city.post_voice("/voice/incoming", CallSid=sid, CallStatus="ringing")
        return lambda: city.post_voice("/voice/heard", CallSid=sid, CallStatus="in-progress", Digits="1")

    def hand_off() -> Callable[[], object]:
        client, address, body = city.draft()

        def send() -> None:
            answer = client.post(address, json=body)
            assert answer.status_code == 200, answer.get_data(as_text=True)

        return send

    def report() -> Callable[[], object]:
        def send() -> None:
            assert leader.get("/console/reports").status_code == 200

        return send

    return {
        "incoming call": incoming,
        "key press": key_press,
        "hand-off at the desk": hand_off,
        "day's report page": report,
    }


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="hl-entered-") as folder:
        city = build(folder)
        for name, prepare in requests(city).items():
            files = sorted(entered(prepare))
            print(f"{name:<24}{len(files):>4}")
            if "--list" in sys.argv:
                print(*(f"    {file}" for file in files), sep="\n")


if __name__ == "__main__":
    main()
