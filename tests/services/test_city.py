"""The city's data: one version after the other, units that close, deadlines that move, and every process on the same version."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from config.city.first_version import publish_first
from config.city.kinds import check_city
from config.city.text import with_days, with_units
from hotline import events
from hotline.rules.city import CityKind, DayEntry, UnitEntry
from hotline.rules.enums import PresenceState, Role, TicketAction, TicketState
from hotline.rules.errors import LostRace, NotAllowed, UnitInUse
from hotline.rules.people.actors import Machine, Person
from hotline.rules.policies import DeadlineStage
from hotline.services.city import consequences, drafts, publications, units
from hotline.services.city.publications import Published
from hotline.services.tickets import actions, due_dates
from hotline.store.people.tables import Unit, User
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import Application
from tests.builders import make_operator, make_ticket, make_user, person_of
from tests.city_texts import in_force, texts_with
from tests.services.desk_work import COMPLETE
from tests.stopped_clock import StoppedClock

Texts = Mapping[CityKind, str]


@pytest.fixture
def texts(application: Application) -> dict[CityKind, str]:
    """The example city, published as version 1, and watched by the application as a process does."""
    given = texts_with()
    application.city = in_force(given)
    publish_first(application, given)
    return given


def publish(
    application: Application, texts: Texts, *, based_on: int, actor: Person | Machine = Machine.SYSTEM
) -> Published:
    with application.unit_of_work(actor) as work:
        policies = application.policies
        data = check_city(texts, day=work.today, zone=policies.zone, number=policies.number).data
        return publications.publish(work, texts, data, based_on=based_on, note="测试")


def hand_off(application: Application, unit_code: str) -> Ticket:
    draft = make_ticket(application)
    with application.unit_of_work(make_operator(application, PresenceState.NOT_READY)) as work:
        return actions.perform(
            work, draft.id, TicketAction.HAND_OFF, replace(COMPLETE, unit_code=unit_code, answer=None)
        )


def closing(texts: Texts, code: str, successor: str | None) -> dict[CityKind, str]:
    unit = next(each for each in in_force(texts).data.units if each.code == code)
    closed = UnitEntry(code, unit.name_zh, unit.name_en, unit.kind, closed=True, successor=successor)
    return {**texts, CityKind.UNITS: with_units(texts[CityKind.UNITS], [closed])}


def ringing(texts: Texts, seconds: int) -> dict[CityKind, str]:
    policies = texts[CityKind.POLICIES].replace("ring_seconds = 15 ", f"ring_seconds = {seconds} ")
    assert policies != texts[CityKind.POLICIES]
    return {**texts, CityKind.POLICIES: policies}


def test_the_folder_is_published_once_and_the_city_is_in_the_database(
    application: Application, texts: dict[CityKind, str]
) -> None:
    assert publish_first(application, texts) is None
    with application.read_session() as session:
        assert publications.current_version(session) == 1
        assert publications.texts_of(session, 1) == texts
        assert len(session.scalars(select(Unit)).all()) == 95


def test_a_published_value_is_in_force_two_seconds_later_and_a_unit_of_work_keeps_its_own(
    application: Application, texts: dict[CityKind, str], clock: StoppedClock
) -> None:
    with application.unit_of_work(Machine.SYSTEM) as begun:
        before = begun.policies.queue.ring_seconds
    publish(application, ringing(texts, 33), based_on=1)
    clock.advance(2)
    with application.unit_of_work(Machine.SYSTEM) as work:
        assert (work.policies.queue.ring_seconds, work.policies.version) == (33, 2)
    assert begun.policies.queue.ring_seconds == before != 33


def test_of_two_who_publish_on_the_same_version_one_is_refused(
    application: Application, texts: dict[CityKind, str]
) -> None:
    publish(application, ringing(texts, 20), based_on=1)
    with pytest.raises(LostRace):
        publish(application, ringing(texts, 40), based_on=1)
    with application.read_session() as session:
        assert publications.current_version(session) == 2


def test_only_an_administrator_publishes(application: Application, texts: dict[CityKind, str]) -> None:
    supervisor = person_of(make_user(application, Role.SUPERVISOR))
    with pytest.raises(NotAllowed):
        publish(application, ringing(texts, 20), based_on=1, actor=supervisor)
    admin = person_of(make_user(application, Role.ADMIN))
    assert publish(application, ringing(texts, 20), based_on=1, actor=admin).version == 2


def test_a_closed_units_open_tickets_and_people_go_to_its_successor(
    application: Application, texts: dict[CityKind, str], announced: list[object]
) -> None:
    handler = make_user(application, Role.HANDLER, unit_code="sanitation")
    ticket = hand_off(application, "sanitation")
    with pytest.raises(UnitInUse) as refused:
        publish(application, closing(texts, "sanitation", None), based_on=1)
    assert (refused.value.code, refused.value.tickets, refused.value.people) == ("sanitation", 1, 1)
    done = publish(application, closing(texts, "sanitation", "landscaping"), based_on=1)
    assert (done.units.closed, done.units.tickets, done.units.users) == (1, 1, 1)
    with application.read_session() as session:
        moved = session.get_one(Ticket, ticket.id)
        assert (moved.unit_code, moved.state) == ("landscaping", TicketState.DISPATCHED)
        assert session.get_one(User, handler.id).unit_code == "landscaping"
        assert not session.get_one(Unit, "sanitation").active
    assert events.TicketMoved(ticket.id, "landscaping", "sanitation") in announced


def test_a_hand_off_that_was_under_way_while_the_unit_closed_is_moved_later(
    application: Application, texts: dict[CityKind, str]
) -> None:
    ticket = hand_off(application, "landscaping")
    publish(application, closing(texts, "sanitation", "landscaping"), based_on=1)
    with application.unit_of_work(Machine.SYSTEM) as work:
        work.session.get_one(Ticket, ticket.id).unit_code = "sanitation"
    with application.unit_of_work(Machine.CLOCK) as work:
        assert units.move_stragglers(work) == 1
        assert work.session.get_one(Ticket, ticket.id).unit_code == "landscaping"


def test_another_calendar_moves_open_deadlines_as_the_preview_has_said(
    application: Application, texts: dict[CityKind, str], announced: list[object]
) -> None:
    ticket = hand_off(application, "sanitation")
    with application.read_session() as session:
        before = session.get_one(Ticket, ticket.id).due_at
    free = {
        **texts,
        CityKind.CALENDAR: with_days(
            texts[CityKind.CALENDAR], [DayEntry(date(2026, 11, 25), is_working=False)]
        ),
    }
    policies = application.policies
    data = check_city(free, day=date(2026, 11, 23), zone=policies.zone, number=policies.number).data
    with application.read_only_unit(Machine.SYSTEM) as work:
        seen = consequences.preview(work, data)
    assert (seen.days, seen.open_count, [each.ticket_id for each in seen.moved]) == (1, 1, [ticket.id])
    assert publish(application, free, based_on=1).deadlines == 1
    with application.read_session() as session:
        after = session.get_one(Ticket, ticket.id).due_at
    assert before is not None
    assert (after, seen.moved[0].due_at) == (before + timedelta(days=1), before + timedelta(days=1))
    assert any(isinstance(each, events.DeadlineMoved) and each.ticket_id == ticket.id for each in announced)


def test_a_day_that_the_city_gives_back_is_as_the_national_calendar_has_it(
    application: Application, texts: dict[CityKind, str]
) -> None:
    day = date(2026, 11, 25)
    free = {
        **texts,
        CityKind.CALENDAR: with_days(texts[CityKind.CALENDAR], [DayEntry(day, is_working=False)]),
    }
    ticket = hand_off(application, "sanitation")
    with application.read_session() as session:
        before = session.get_one(Ticket, ticket.id).due_at
    publish(application, free, based_on=1)
    publish(application, texts, based_on=2)
    with application.read_session() as session:
        assert session.get_one(Ticket, ticket.id).due_at == before


def test_a_ticket_is_explained_by_the_rules_it_was_handed_off_under(
    application: Application, texts: dict[CityKind, str], clock: StoppedClock
) -> None:
    clock.advance(2)
    ticket = hand_off(application, "sanitation")
    shorter = texts[CityKind.POLICIES].replace('"5 business_days"', '"3 business_days"')
    publish(application, {**texts, CityKind.POLICIES: shorter}, based_on=1)
    clock.advance(2)
    later = hand_off(application, "sanitation")
    with application.unit_of_work(Machine.SYSTEM) as work:
        rows = [work.session.get_one(Ticket, each.id) for each in (ticket, later)]
        counted = [due_dates.explain(work, row)[DeadlineStage.RESOLVE] for row in rows]
        assert [row.policy_version for row in rows] == [1, 2]
        assert [each.due_at for each in counted] == [row.due_at for row in rows]
        assert counted[0].due_at > counted[1].due_at


def test_a_value_that_becomes_valid_with_a_later_day_does_so_on_that_day(
    application: Application, texts: dict[CityKind, str], clock: StoppedClock
) -> None:
    dated = texts[CityKind.POLICIES].replace(
        "ring_seconds = 15 ",
        'ring_seconds = [{ value = 15, to = "2026-11-23" }, { value = 20, from = "2026-11-24", source = "市里" }] ',
    )
    publish(application, {**texts, CityKind.POLICIES: dated}, based_on=1)
    clock.advance(2)
    with application.unit_of_work(Machine.SYSTEM) as work:
        assert work.policies.queue.ring_seconds == 15
    clock.advance(24 * 3600)
    with application.unit_of_work(Machine.SYSTEM) as work:
        assert work.policies.queue.ring_seconds == 20


def test_a_version_that_cannot_be_read_leaves_the_one_before_in_force(
    application: Application, texts: dict[CityKind, str], clock: StoppedClock
) -> None:
    with application.unit_of_work(Machine.SYSTEM) as work:
        data = check_city(texts, day=work.today, zone=work.zone, number=work.policies.number).data
        publications.publish(work, {**texts, CityKind.POLICIES: "nonsense = ["}, data, based_on=1)
    clock.advance(2)
    with application.unit_of_work(Machine.SYSTEM) as work:
        assert work.policies.queue.ring_seconds == 15


def test_drafts_belong_to_their_editors(application: Application, texts: dict[CityKind, str]) -> None:
    one, other = (make_user(application, Role.ADMIN) for _ in range(2))
    for user, text in ((one, "a"), (other, "b"), (one, "c")):
        with application.unit_of_work(person_of(user)) as work:
            drafts.save_draft(work, user.id, CityKind.BRAND, text, based_on=1)
    with application.read_session() as session:
        listed = {draft.user_id: draft.text for draft in drafts.list_drafts(session)}
    assert listed == {one.id: "c", other.id: "b"}
