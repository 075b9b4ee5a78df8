"""Numbers and names inside texts are masked for those who may not see the caller, on every page, in the API and in files."""

import io
import re
from datetime import date

import pytest
from flask import Flask

from hotline import events
from hotline.gateways.addresses import VoiceAddresses
from hotline.reactions.context import ReactionContext
from hotline.reactions.hand_offs import notify_unit
from hotline.rules.enums import CallState, NoMatterReason, RequestType, Role, TicketState
from hotline.rules.figures.report import Period
from hotline.rules.people.actors import Machine, Person, Right
from hotline.rules.tickets.fields import TEXT_NAMES
from hotline.services.tickets import actions, inbox
from hotline.services.tickets.export import export_tickets
from hotline.store.tickets.tables import Assignment, Ticket
from hotline.unit_of_work import Application
from tests.builders import make_call, make_operator, make_ticket, make_unit, make_user, person_of
from tests.console.conftest import SignIn
from tests.console.programs import hire, json_of
from tests.console.test_tickets_masking import QUERIES, pages_of
from tests.fakes import FakeCarrier, FakeLookups, FakeUnits
from tests.stopped_clock import StoppedClock

S = TicketState
UNIT = "city-management"
TAIL, IDENTITY, NAME = "66778899", "19900101123", "欧阳小雨"
PRIVATE = f"{NAME}（138{TAIL[:4]}-{TAIL[4:]}，身份证370881{IDENTITY}X）"
HARMLESS = "QF20261123000170 前后 3 盏灯，2026-11-23 起，赔 13800001234元"
OVERSIGHT = [
    role for role in Role if role not in {Role.OPERATOR, Role.SHIFT_LEADER, Role.DISPATCHER, Role.HANDLER}
]


def tell_all(application: Application, state: TicketState, **columns: object) -> Ticket:
    """Writes a ticket with private words in each of its texts."""
    texts = {name: f"{name} {HARMLESS} {PRIVATE}" for name in TEXT_NAMES - {"occurred", "category"}}
    short = {name: f"{name} {PRIVATE}"[:80] for name in ("occurred", "category")}
    limits = {"title": 120}
    cut = {name: text[: limits.get(name, 200)] for name, text in texts.items()}
    at_unit = None if state is S.DRAFT else UNIT
    return make_ticket(
        application, state=state, unit_code=at_unit, caller_name=NAME, **{**cut, **short, **columns}
    )


def leaks(text: str) -> list[str]:
    bare = re.sub(r"[\s—-]", "", text)
    return [secret for secret in (TAIL, IDENTITY, NAME) if secret in bare]


@pytest.fixture
def unit(application: Application) -> str:
    return make_unit(application, UNIT).code


@pytest.fixture
def handler(application: Application, unit: str) -> Person:
    return person_of(make_user(application, Role.HANDLER, unit_code=unit))


@pytest.mark.parametrize("role", OVERSIGHT)
def test_no_page_shows_private_words_to_oversight(
    role: Role, app: Flask, application: Application, unit: str, signed_in: SignIn
) -> None:
    call = make_call(
        application, state=CallState.ENDED, no_matter=NoMatterReason.TEST, no_matter_note=f"138{TAIL}"
    )
    made = [tell_all(application, state, call_id=call.id) for state in S if state is not S.DISCARDED]
    client = signed_in(person_of(make_user(application, role)))
    pages = [f"/console/tickets/{ticket.number or f'draft-{ticket.id}'}" for ticket in made]
    pages += [path + query for path in pages_of(app) for query in QUERIES]
    found = {path: told for path in pages if (told := leaks(client.get(path).get_data(as_text=True)))}
    assert found == {}
    assert "QF20261123000170" in client.get(pages[-1]).get_data(as_text=True) or HARMLESS in client.get(
        pages[1]
    ).get_data(as_text=True)


@pytest.mark.parametrize("state", [S.DISPATCHED, S.ACKNOWLEDGED, S.IN_PROGRESS, S.REPLIED, S.CLOSED])
def test_a_unit_reads_no_private_words_of_a_confidential_ticket(
    state: TicketState, app: Flask, application: Application, handler: Person, signed_in: SignIn
) -> None:
    ticket = tell_all(application, state, confidential=True)
    client = signed_in(handler)
    if state is S.CLOSED:
        client.post(f"/console/tickets/{ticket.number}/look", data={"reason": "handling"})
    sections = ["", "to_acknowledge", "in_hand", "to_close", "done"]
    pages = [f"/console/unit?ticket={ticket.number}&section={name}" for name in sections]
    for path in [*pages, "/console/tickets", f"/console/tickets/{ticket.number}"]:
        html = client.get(path).get_data(as_text=True)
        assert leaks(html) == [], path
    assert HARMLESS in html
    program = hire(app, application, Role.HANDLER, UNIT)
    for path in ("/tickets", f"/tickets/{ticket.number}", f"/tickets/{ticket.number}/events"):
        assert leaks(program.get(path).get_data(as_text=True)) == [], path


@pytest.mark.parametrize(
    ("state", "shown"), [(S.DISPATCHED, False), (S.ACKNOWLEDGED, True), (S.REPLIED, True), (S.CLOSED, False)]
)
def test_the_unit_that_calls_back_reads_everything_while_it_handles_the_ticket(
    state: TicketState, shown: bool, application: Application, handler: Person, signed_in: SignIn
) -> None:
    ticket = tell_all(application, state)
    html = signed_in(handler).get(f"/console/unit?ticket={ticket.number}").get_data(as_text=True)
    assert (leaks(html) != []) is shown


def test_who_writes_tickets_reads_and_edits_a_draft_in_full(
    application: Application, unit: str, signed_in: SignIn
) -> None:
    draft = tell_all(application, S.DRAFT, confidential=True)
    sent = tell_all(application, S.DISPATCHED)
    secret = tell_all(application, S.DISPATCHED, confidential=True)
    client = signed_in(make_operator(application))
    edited = client.get(f"/console/tickets/draft-{draft.id}").get_data(as_text=True)
    assert PRIVATE in edited
    assert "*" * 5 not in edited
    assert PRIVATE in client.get(f"/console/tickets/{sent.number}").get_data(as_text=True)
    assert leaks(client.get(f"/console/tickets/{secret.number}").get_data(as_text=True)) == []


def test_a_step_through_the_api_shows_masked_texts_and_keeps_the_stored_ones(
    app: Flask, application: Application, unit: str
) -> None:
    ticket = tell_all(application, S.DISPATCHED, confidential=True)
    program = hire(app, application, Role.HANDLER, unit)
    answer = program.post(f"/tickets/{ticket.number}/acknowledge")
    assert leaks(answer.get_data(as_text=True)) == []
    assert json_of(answer, 200)["state"] == "acknowledged"
    with application.read_session() as session:
        assert session.get_one(Ticket, ticket.id).text == ticket.text


def test_a_units_own_system_is_told_a_masked_title(application: Application, clock: StoppedClock) -> None:
    make_unit(application, UNIT, webhook_url="https://unit.example/hook", webhook_secret="s")
    ticket = tell_all(application, S.DISPATCHED)
    with application.unit_of_work(Machine.WORKER) as work:
        assert inbox.deliver(work, ticket.id, UNIT, has_channel=True)
        row = work.session.query(Assignment).one()
    units = FakeUnits()
    addresses = VoiceAddresses("https://hotline.example")
    context = ReactionContext(application, FakeCarrier(clock), (units,), FakeLookups(), addresses)
    notify_unit(context, events.TicketDelivered(ticket.id, row.id, UNIT))
    assert leaks(units.told[0].title) == []
    assert units.told[0].title.startswith("title QF20261123000170")


@pytest.mark.parametrize("confidential", [False, True])
def test_an_export_masks_texts_as_it_masks_numbers(
    application: Application, unit: str, confidential: bool
) -> None:
    tell_all(application, S.CLOSED, confidential=confidential)
    target = io.StringIO(newline="")
    with application.unit_of_work(Machine.SYSTEM) as work:
        export_tickets(work, Period(date(2026, 11, 23), date(2026, 11, 23)), target)
    assert leaks(target.getvalue()) == []


@pytest.mark.parametrize(
    ("body", "confidential"),
    [
        ({"type": "report"}, True),
        ({"type": "report", "confidential": False}, False),
        ({"type": "complaint"}, False),
        ({"type": "complaint", "confidential": True}, True),
    ],
)
def test_a_report_is_confidential_unless_its_author_says_otherwise(
    app: Flask, application: Application, body: dict[str, object], confidential: bool
) -> None:
    program = hire(app, application, Role.OPERATOR)
    made = json_of(program.post("/tickets", {"title": "举报", **body}), 201)
    assert made["confidential"] is confidential


def test_a_draft_that_becomes_a_report_becomes_confidential_once(application: Application) -> None:
    operator = make_operator(application)
    assert operator.may(Right.WRITE_TICKETS)
    draft = make_ticket(application, author_id=operator.id)
    fields = actions.TicketFields
    for stated, expected in (
        (fields(type=RequestType.REPORT), True),
        (fields(confidential=False), False),
        (fields(type=RequestType.REPORT, title="再存一次"), False),
    ):
        with application.unit_of_work(operator) as work:
            saved = actions.perform(work, draft.id, actions.TicketAction.SAVE, stated)
        assert saved.confidential is expected
