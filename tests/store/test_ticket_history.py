"""Everything on file about one ticket: its rounds, its timeline, who saw the caller's number, and its dials."""

from hotline import events
from hotline.rules.enums import CallPurpose, DialState, FollowUpState, Role, TicketState
from hotline.rules.people.actors import Machine, Person
from hotline.store.outbound import Dial, FollowUp
from hotline.store.people.tables import Disclosure
from hotline.store.tickets.history import read_ticket_details, timeline
from hotline.store.tickets.tables import Assignment
from hotline.unit_of_work import Application
from tests.builders import make_call, make_ticket, make_unit, make_user, person_of

UNIT = "city-management"
SUPERVISOR = Person(999, Role.SUPERVISOR)


def test_a_bare_draft_has_nothing_beside_it(application: Application) -> None:
    ticket = make_ticket(application)
    with application.read_session() as session:
        details = read_ticket_details(session, SUPERVISOR, ticket)
        assert details.ticket.id == ticket.id
        assert (details.unit, details.author, details.call) == (None, None, None)
        assert (details.assignment, details.follow_up) == (None, None)
        assert (details.dials, details.timeline) == ((), ())
        assert [row.id for row in details.rounds] == [ticket.id]


def test_unit_author_call_assignment_follow_up_and_its_dials_stand_beside_it(
    application: Application,
) -> None:
    for code in (UNIT, "water-company"):
        make_unit(application, code)
    author, call = make_user(application), make_call(application)
    ticket = make_ticket(
        application, state=TicketState.CLOSED, unit_code=UNIT, author_id=author.id, call_id=call.id
    )
    other = make_ticket(application, state=TicketState.CLOSED, unit_code=UNIT)
    with application.unit_of_work(Machine.SYSTEM) as work:
        for code in ("water-company", UNIT):
            work.session.add(Assignment(ticket_id=ticket.id, unit_code=code, delivered_at=work.at))
        asked, elsewhere = (
            FollowUp(ticket_id=row.id, state=FollowUpState.WAITING, promised_at=work.at, next_try_at=work.at)
            for row in (ticket, other)
        )
        work.session.add_all((asked, elsewhere))
        work.session.flush()
        for number, follow_up in enumerate((asked, elsewhere, asked)):
            work.session.add(
                Dial(
                    ref=f"ref-{number}",
                    purpose=CallPurpose.FOLLOW_UP,
                    follow_up_id=follow_up.id,
                    number="+8613800000001",
                    attempt=number,
                    state=DialState.ENDED,
                    planned_at=work.at,
                )
            )
    with application.read_session() as session:
        details = read_ticket_details(session, SUPERVISOR, ticket)
        assert details.unit is not None
        assert details.author is not None
        assert details.call is not None
        assert details.assignment is not None
        assert details.follow_up is not None
        assert (details.unit.code, details.author.id, details.call.id) == (UNIT, author.id, call.id)
        assert (details.assignment.unit_code, details.follow_up.id) == (UNIT, asked.id)
        assert [dial.attempt for dial in details.dials] == [0, 2]


def test_every_round_is_listed_from_the_first_whichever_is_open(application: Application) -> None:
    make_unit(application, UNIT)
    rounds = [make_ticket(application, state=TicketState.CLOSED, unit_code=UNIT)]
    for number in (2, 3, 4):
        rounds.append(
            make_ticket(
                application, state=TicketState.CLOSED, unit_code=UNIT, redo_of=rounds[-1].id, round=number
            )
        )
    ids = [row.id for row in rounds]
    with application.read_session() as session:
        for row in rounds:
            assert [found.id for found in read_ticket_details(session, SUPERVISOR, row).rounds] == ids


def test_a_unit_sees_only_the_rounds_it_may_read(application: Application) -> None:
    for code in (UNIT, "water-company"):
        make_unit(application, code)
    first = make_ticket(application, state=TicketState.CLOSED, unit_code="water-company")
    second = make_ticket(application, state=TicketState.DISPATCHED, unit_code=UNIT, redo_of=first.id, round=2)
    handler = Person(5, Role.HANDLER, UNIT)
    with application.read_session() as session:
        assert [row.id for row in read_ticket_details(session, handler, second).rounds] == [second.id]


def test_the_timeline_is_in_order_names_the_person_and_holds_only_this_ticket(
    application: Application,
) -> None:
    author = make_user(application)
    ticket, other = make_ticket(application), make_ticket(application)
    call = make_call(application)
    with application.unit_of_work(person_of(author)) as work:
        work.record(events.TicketOpened(ticket.id))
        work.record(events.TicketOpened(other.id))
        work.record(events.CallArrived(call.id))
    with application.unit_of_work(Machine.WORKER) as work:
        work.record(events.TicketDiscarded(ticket.id))
    with application.read_session() as session:
        entries = timeline(session, ticket.id)
        assert [entry.event.kind for entry in entries] == ["TicketOpened", "TicketDiscarded"]
        assert [entry.person and entry.person.id for entry in entries] == [author.id, None]


def test_every_disclosure_of_this_ticket_is_listed_with_the_person(application: Application) -> None:
    viewer = make_user(application)
    ticket = make_ticket(application)
    with application.unit_of_work(Machine.SYSTEM) as work:
        for subject, subject_id in (("ticket", ticket.id), ("ticket", ticket.id + 1), ("call", ticket.id)):
            work.session.add(
                Disclosure(
                    at=work.at,
                    user_id=viewer.id,
                    subject=subject,
                    subject_id=subject_id,
                    field="number",
                    reason="",
                )
            )
    with application.read_session() as session:
        details = read_ticket_details(session, SUPERVISOR, ticket)
        (seen,) = details.disclosures
        assert seen.person is not None
        assert (seen.disclosure.subject_id, seen.person.id) == (ticket.id, viewer.id)
