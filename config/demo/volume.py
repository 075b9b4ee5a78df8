"""Fills a database with many invented tickets, so that lists, searches and reports can be tried at a city's size.

The rows are written past the services, in chunks and with the drivers' own bulk statements: a million tickets take minutes
instead of hours. They are the same for the same number of tickets and the same moment.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, insert, or_, select, text

from config.demo.bulk_writer import DAY, BulkWriter
from config.demo.matters import Matter, read_matters
from config.demo.people import GIVEN, SURNAMES, TITLES
from config.demo.simulation import BY_HOUR, SEED
from config.demo.volume_texts import WISHES, invent_texts
from hotline import events
from hotline.rules.enums import (
    CLASS_OF,
    CallbackReason,
    CallbackState,
    CallEnd,
    CallPurpose,
    CallState,
    Channel,
    Closing,
    DeliveryState,
    DialState,
    FollowUpState,
    OfferState,
    Role,
    Satisfied,
    Solved,
    TicketState,
)
from hotline.rules.tickets.ticket_numbers import ticket_number
from hotline.store.calls.tables import Call, Offer
from hotline.store.engine import AUTOCOMMIT
from hotline.store.outbound import Callback, Dial, FollowUp
from hotline.store.outbox import Delivery, EventRow
from hotline.store.people.tables import Unit, User
from hotline.store.tickets.search_index import indexed_at_the_end
from hotline.store.tickets.tables import Assignment, Ticket

DAYS, OPERATORS, CHUNK = 365, 20, 10_000
MINUTE, HOUR = 60, 3_600
# Names of the invented operators, who cannot sign in; the tickets of this module are known by them.
OPERATOR_NAME = "volume-{:02d}"
# Numbers of its tickets have their own prefix and the id as their sequence.
NUMBER_PREFIX = "QV"
LARGEST_UNIT = "city-management"
# Shares: tickets of the largest unit, discarded drafts, confidential tickets, callers who gave up once before, tickets that
# operators answer directly.
LARGEST, DISCARDED, SECRET, GIVEN_UP, DIRECT = 0.2, 0.01, 0.005, 0.08, 0.25
# The share that is open falls from all to the stragglers in these days: some two percent of a year.
OPEN_DAYS, STRAGGLERS = 14, 0.003
# Finished deliveries are kept so long.
DELIVERY_DAYS = 30

Item = TypeVar("Item")


def _shares(weights: dict[Item, int]) -> tuple[Item, ...]:
    """Returns each item as often as its weight says, to draw from."""
    return tuple(item for item, weight in weights.items() for _ in range(weight))


_HOURS = _shares(dict(enumerate(BY_HOUR)))
_CHANNELS = _shares(dict(zip((channel.value for channel in Channel), (800, 120, 30, 40, 9, 1), strict=True)))
# Ends of calls that were given up, and whether each leaves a promise to phone back.
_ENDS = _shares(
    {CallEnd.ABANDONED: 70, CallEnd.LEFT_IN_FLOW: 20, CallEnd.LEFT_FOR_CALLBACK: 9, CallEnd.FAILED: 1}
)
_PROMISED = {
    CallEnd.ABANDONED: CallbackReason.ABANDONED.value,
    CallEnd.LEFT_FOR_CALLBACK: CallbackReason.REQUESTED.value,
}
_OPEN_STATES = _shares(
    {
        TicketState.DISPATCHED: 20,
        TicketState.ACKNOWLEDGED: 15,
        TicketState.IN_PROGRESS: 50,
        TicketState.REPLIED: 14,
        TicketState.DRAFT: 1,
    }
)
# The steps that a unit has taken by its state.
_STEPS = {
    TicketState.ACKNOWLEDGED: 1,
    TicketState.IN_PROGRESS: 2,
    TicketState.REPLIED: 3,
    TicketState.CLOSED: 4,
}
_ANSWERS = _shares({Solved.YES.value: 60, Solved.NO.value: 5, None: 35})
_RATINGS = (Satisfied.YES.value, Satisfied.YES.value, Satisfied.NO.value, None)


class NotOurTickets(ValueError):
    """Raised for a database that holds tickets which this module did not write."""


def fill(engine: Engine, tickets: int, *, now: datetime, zone: ZoneInfo, beside: bool = False) -> None:
    """Writes `tickets` tickets of the year before `now`, with their calls, follow-ups, events and recent deliveries.

    `beside`: tickets of others may be in the database. Raises NotOurTickets otherwise; ValueError without any unit.
    """
    with engine.begin() as connection:
        authors = _operators(connection, now)
        others = select(Ticket.id).where(or_(Ticket.author_id.is_(None), Ticket.author_id.not_in(authors)))
        if not beside and connection.scalar(others.limit(1)) is not None:
            raise NotOurTickets("the database holds tickets that are not invented")
        units = list(connection.scalars(select(Unit.code).where(Unit.active).order_by(Unit.code)))
        if not units:
            raise ValueError("the database has no units")
        with indexed_at_the_end(connection):
            _Filler(connection, authors, units, now, zone).write(tickets)
    # PostgreSQL would do so by itself after a minute. SQLite has no such process, and its planner does well without.
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(**AUTOCOMMIT) as connection:
            connection.execute(text("VACUUM ANALYZE"))


def _operators(connection: Connection, now: datetime) -> list[int]:
    """Returns the ids of the invented operators, adding them the first time."""
    names = [OPERATOR_NAME.format(place) for place in range(1, OPERATORS + 1)]
    known = select(User.id).where(User.name.in_(names)).order_by(User.id)
    found = list(connection.scalars(known))
    if not found:
        facts = {"password_hash": "!", "role": Role.OPERATOR, "active": False, "created_at": now}
        rows = [
            {"name": name, "display_name": SURNAMES[place] + GIVEN[place], **facts}
            for place, name in enumerate(names)
        ]
        connection.execute(insert(User), rows)
        found = list(connection.scalars(known))
    return found


@dataclass(frozen=True, slots=True)
class _Redo:
    """A matter that its caller called unsolved: the next round of it is due from `at` on."""

    at: int
    ticket_id: int
    round: int
    matter: Matter
    unit: str
    number: str


@dataclass(frozen=True, slots=True)
class _Closed:
    at: int
    by_unit: bool
    answer: str | None = None


class _Filler:
    """Writes the rows of one run. Its dice are thrown in the order of the tickets. Moments are seconds since 1970."""

    def __init__(
        self, connection: Connection, authors: list[int], units: list[str], now: datetime, zone: ZoneInfo
    ) -> None:
        self._authors = authors
        self._now = int(now.timestamp())
        self._offset = int((now.astimezone(zone).utcoffset() or timedelta()).total_seconds())
        self._rng = Random(SEED)  # noqa: S311 - dice, not secrets
        self._random = self._rng.random
        matters = read_matters()
        self._matters_of = {
            unit: [matter for matter in matters if matter.unit == unit] or list(matters) for unit in units
        }
        self._largest = LARGEST_UNIT if LARGEST_UNIT in units else units[0]
        # Few units have most of the tickets, and each of the others has some.
        self._units = _shares({unit: 1 + 200 // (3 + place) for place, unit in enumerate(units)})
        self._redos: deque[_Redo] = deque()
        tables = (Call, Offer, Ticket, Callback, FollowUp, Dial, EventRow, Delivery, Assignment)
        self._writer = BulkWriter(connection, tables)
        self._moment = self._writer.moment

    def write(self, tickets: int) -> None:
        with self._writer.indexes_at_the_end():
            moments = self._arrivals(tickets)
            while chunk := list(islice(moments, CHUNK)):
                for arrived in chunk:
                    if self._redos and self._redos[0].at <= arrived:
                        self._write_redo(arrived, self._redos.popleft())
                    else:
                        self._write_matter(arrived)
                self._writer.flush()

    def _draw(self, items: Sequence[Item]) -> Item:
        # Several times as fast as `Random.choice`.
        return items[int(self._random() * len(items))]

    def _below(self, number: int) -> int:
        return int(self._random() * number)

    def _arrivals(self, tickets: int) -> Iterator[int]:
        """Returns the moment of each ticket, in order: the same number a day, more in the hours of an office."""
        step, first = tickets / DAYS, self._now - DAYS * DAY
        local_hour = (first + self._offset) // HOUR % 24
        for day in range(DAYS):
            count = int(step * (day + 1)) - int(step * day)
            begins = first + day * DAY
            yield from sorted(
                begins + (self._draw(_HOURS) - local_hour) % 24 * HOUR + self._below(HOUR)
                for _ in range(count)
            )

    def _write_matter(self, arrived: int) -> None:
        channel = self._draw(_CHANNELS)
        author = self._draw(self._authors)
        number = f"+861{self._draw('35789')}{self._below(10**9):09d}"
        unit = self._largest if self._random() < LARGEST else self._draw(self._units)
        call_id = self._write_calls(arrived, number, author) if channel == Channel.PHONE else None
        matter = self._draw(self._matters_of[unit])
        self._write_ticket(
            arrived, matter, unit, channel=channel, number=number, author=author, call_id=call_id
        )

    def _write_redo(self, arrived: int, redo: _Redo) -> None:
        author = self._draw(self._authors)
        self._write_ticket(
            arrived,
            redo.matter,
            redo.unit,
            channel=Channel.PHONE.value,
            number=redo.number,
            author=author,
            redo=redo,
        )

    def _write_calls(self, arrived: int, number: str, operator: int) -> int:
        """Writes the call in which a ticket is written, and one that its caller gave up before; returns the first one's id."""
        if self._random() >= GIVEN_UP:
            return self._write_call(arrived, number, operator)
        end, earlier = self._draw(_ENDS), arrived - 20 * MINUTE
        given_up = self._write_call(earlier, number, None, end=end)
        reason = _PROMISED.get(end)
        if reason is None:
            return self._write_call(arrived, number, operator)
        callback_id = self._writer.next_id(Callback)
        is_reached = self._random() < 0.5
        self._writer.add(
            Callback,
            {
                "id": callback_id,
                "number": number,
                "reason": reason,
                "state": (CallbackState.REACHED if is_reached else CallbackState.PHONED_AGAIN).value,
                "call_id": given_up,
                "language": "zh-CN",
                "promised_at": self._moment(earlier),
                "place_since": self._moment(earlier),
                "attempts": 1 if is_reached else 0,
                "next_try_at": self._moment(earlier),
                "settled_at": self._moment(arrived),
            },
        )
        if not is_reached:
            return self._write_call(arrived, number, operator)
        dial_id = self._write_dial(arrived, number, CallPurpose.CALLBACK.value, callback_id=callback_id)
        return self._write_call(
            arrived, number, operator, purpose=CallPurpose.CALLBACK.value, dial_id=dial_id
        )

    def _write_dial(
        self,
        at: int,
        number: str,
        purpose: str,
        *,
        callback_id: int | None = None,
        follow_up_id: int | None = None,
        is_answered: bool = True,
    ) -> int:
        dial_id = self._writer.next_id(Dial)
        self._writer.add(
            Dial,
            {
                "id": dial_id,
                "ref": f"volume-{dial_id}",
                "purpose": purpose,
                "callback_id": callback_id,
                "follow_up_id": follow_up_id,
                "number": number,
                "attempt": 1,
                "state": DialState.ENDED.value,
                "planned_at": self._moment(at),
                "placing_at": self._moment(at),
                "ended_at": self._moment(at + MINUTE),
                "outcome": "completed" if is_answered else "no-answer",
            },
        )
        return dial_id

    def _write_call(
        self,
        arrived: int,
        number: str,
        operator: int | None,
        *,
        purpose: str = CallPurpose.INBOUND.value,
        dial_id: int | None = None,
        end: CallEnd = CallEnd.COMPLETED,
    ) -> int:
        """Writes a call that `operator` answered; None: one that had no operator."""
        call_id, moment = self._writer.next_id(Call), self._moment
        is_follow_up = purpose == CallPurpose.FOLLOW_UP
        queued = arrived + 12
        waited, talked = self._below(40), 40 + self._below(360)
        answered = queued + waited
        ended = answered + talked if operator or is_follow_up else answered
        in_queue = None if is_follow_up else moment(queued)
        self._writer.add(
            Call,
            {
                "id": call_id,
                "sid": f"CA{call_id:032x}",
                "purpose": purpose,
                "number": number,
                "number_raw": number,
                "dialed": "12345",
                "state": CallState.ENDED.value,
                "language": "zh-CN",
                "flow": "menu",
                "flow_version": "1",
                "position": "",
                "path": "",
                "skill": "",
                "priority": 0,
                "dial_id": dial_id,
                "operator_id": operator,
                "arrived_at": moment(arrived),
                "arrived_on": self._local_day(arrived),
                "queued_at": in_queue,
                "place_since": in_queue,
                "joined_at": in_queue,
                "answered_at": moment(answered) if operator or is_follow_up else None,
                "ended_at": moment(ended),
                "finished_at": moment(ended) if operator else None,
                "wait_seconds": None if is_follow_up else waited,
                "talk_seconds": talked if operator or is_follow_up else None,
                "end": end.value,
                "satisfied": self._draw(_RATINGS) if operator else None,
            },
        )
        self._write_event(arrived, events.CallArrived, call_id)
        if operator:
            self._write_offer(call_id, operator, answered)
        return call_id

    def _write_offer(self, call_id: int, operator: int, answered: int) -> None:
        offer_id = self._writer.next_id(Offer)
        offered, settled = self._moment(answered - 5), self._moment(answered)
        self._writer.add(
            Offer,
            {
                "id": offer_id,
                "call_id": call_id,
                "operator_id": operator,
                "state": OfferState.ACCEPTED.value,
                "offered_at": offered,
                "settled_at": settled,
                "leg_asked_at": offered,
                "leg_sid": f"CB{offer_id:032x}",
            },
        )

    def _write_ticket(
        self,
        arrived: int,
        matter: Matter,
        unit: str,
        *,
        channel: str,
        number: str,
        author: int,
        call_id: int | None = None,
        redo: _Redo | None = None,
    ) -> None:
        moment, ticket_id = self._moment, self._writer.next_id(Ticket)
        shown = invent_texts(matter, self._draw, self._below)
        caller = self._draw(SURNAMES) + self._draw(TITLES)
        state, closed = self._fate(arrived, may_be_direct=bool(matter.answer) and redo is None)
        is_draft = state is TicketState.DRAFT
        is_with_unit = not is_draft and (closed is None or closed.by_unit)
        steps = _STEPS.get(state, 0) if is_with_unit else 0
        is_direct = closed is not None and not closed.by_unit
        closing = None if closed is None else _closing(closed)
        is_secret = self._random() < SECRET
        round_ = redo.round if redo else 1
        self._writer.add(
            Ticket,
            {
                "id": ticket_id,
                "number": None if is_draft else self._number(arrived, ticket_id),
                "access_code": f"{self._below(10**6):06d}",
                "state": state.value,
                "revision": 1 + steps,
                "channel": channel,
                "type": matter.type.value,
                "request_class": CLASS_OF[matter.type].value,
                "category": matter.category,
                "title": shown.title,
                "text": shown.text,
                "wanted": matter.wanted,
                "place": shown.place,
                "occurred": "近三天",
                "people": "",
                "urgency": matter.urgency.value,
                "confidential": is_secret,
                "caller_name": caller,
                "caller_number": number,
                "call_id": call_id,
                "author_id": author,
                "unit_code": unit if is_with_unit else None,
                "answer": matter.answer if is_direct else "",
                "reply": (matter.reply or WISHES[-1]) if steps > 3 else "",
                "contact_note": "",
                "closing": closing,
                "policy": "",
                "round": round_,
                "redo_of": redo.ticket_id if redo else None,
                "received_at": moment(arrived),
                "received_on": self._local_day(arrived),
                "dispatched_at": moment(arrived + 4 * MINUTE) if is_with_unit else None,
                "acknowledged_at": moment(arrived + 50 * MINUTE) if steps > 0 else None,
                "first_contact_at": moment(arrived + 3 * HOUR) if steps > 1 else None,
                "replied_at": moment(arrived + 20 * HOUR) if steps > 2 else None,
                "closed_at": moment(closed.at) if closed else None,
                "acknowledge_due": moment(arrived + 2 * HOUR) if is_with_unit else None,
                "contact_due": moment(arrived + DAY) if is_with_unit else None,
                "due_at": moment(arrived + 5 * DAY) if is_with_unit else None,
                "due_provisional": False,
                "due_computed": False,
                "followed_up_at": moment(closed.at) if closed and closed.answer else None,
                "solved": closed.answer if closed else None,
                "satisfied": Satisfied.YES.value if closed and closed.answer == Solved.YES else None,
                "search_text": shown.search_text,
                "search_private": caller,
            },
        )
        if is_with_unit and state is not TicketState.DISCARDED:
            self._write_hand_off(ticket_id, unit, arrived + 4 * MINUTE)
        if closed:
            self._write_event(closed.at, events.TicketClosed, ticket_id, f', "closing": "{closing}"')
        if closed and closed.by_unit:
            self._write_follow_up(ticket_id, number, closed, is_secret=is_secret)
            if closed.answer == Solved.NO:
                self._redos.append(_Redo(closed.at, ticket_id, round_ + 1, matter, unit, number))

    def _number(self, arrived: int, ticket_id: int) -> str:
        return ticket_number(NUMBER_PREFIX, self._local_day(arrived).replace("-", ""), ticket_id, 7)

    def _write_hand_off(self, ticket_id: int, unit: str, at: int) -> None:
        event_id = self._write_event(at, events.TicketHandedOff, ticket_id, f', "unit_code": "{unit}"')
        moment = self._moment(at)
        if at > self._now - DELIVERY_DAYS * DAY:
            self._writer.add(
                Delivery,
                {
                    "id": self._writer.next_id(Delivery),
                    "event_id": event_id,
                    "reaction": "deliver_to_inbox",
                    "lane": "notifications",
                    "state": DeliveryState.DONE.value,
                    "attempts": 1,
                    "next_try_at": moment,
                    "done_at": moment,
                },
            )
        self._writer.add(
            Assignment,
            {
                "id": self._writer.next_id(Assignment),
                "ticket_id": ticket_id,
                "unit_code": unit,
                "delivered_at": moment,
            },
        )

    def _write_follow_up(self, ticket_id: int, number: str, closed: _Closed, *, is_secret: bool) -> None:
        follow_up_id, at = self._writer.next_id(FollowUp), self._moment(closed.at)
        reached = FollowUpState.ANSWERED if closed.answer else FollowUpState.UNREACHED
        self._writer.add(
            FollowUp,
            {
                "id": follow_up_id,
                "ticket_id": ticket_id,
                "state": (FollowUpState.EXEMPT if is_secret else reached).value,
                "number": None if is_secret else number,
                "language": "zh-CN",
                "attempts": 0 if is_secret else 1,
                "promised_at": at,
                "next_try_at": at,
                "settled_at": at,
            },
        )
        if is_secret:
            return
        purpose = CallPurpose.FOLLOW_UP.value
        dial_id = self._write_dial(
            closed.at, number, purpose, follow_up_id=follow_up_id, is_answered=bool(closed.answer)
        )
        if closed.answer:
            self._write_call(closed.at, number, None, purpose=purpose, dial_id=dial_id)

    def _write_event(self, at: int, kind: type[events.Event], subject_id: int, more: str = "") -> int:
        """Writes an event; `more` is the JSON of its fields after the first one."""
        event_id, moment = self._writer.next_id(EventRow), self._moment(at)
        subject = kind.subject
        # Everything has followed already: the relay has nothing to do.
        self._writer.add(
            EventRow,
            {
                "id": event_id,
                "at": moment,
                "kind": kind.__name__,
                "subject": subject,
                "subject_id": subject_id,
                "actor": "system",
                # A third of the time of a run is spent by `json.dumps` here.
                "data": f'{{"{subject}_id": {subject_id}{more}}}',
                "relayed_at": moment,
            },
        )
        return event_id

    def _local_day(self, at: int) -> str:
        return self._writer.day((at + self._offset) // DAY)

    def _fate(self, arrived: int, *, may_be_direct: bool) -> tuple[TicketState, _Closed | None]:
        age = (self._now - arrived) / DAY
        if self._random() < DISCARDED:
            return TicketState.DISCARDED, None
        if may_be_direct and self._random() < DIRECT:
            return TicketState.CLOSED, _Closed(arrived + 4 * MINUTE, by_unit=False)
        if self._random() < max(1 - age / OPEN_DAYS, STRAGGLERS):
            return self._draw(_OPEN_STATES), None
        closed = arrived + int(self._random() * min(OPEN_DAYS, age) * DAY)
        return TicketState.CLOSED, _Closed(closed, by_unit=True, answer=self._draw(_ANSWERS))


def _closing(closed: _Closed) -> str:
    return (Closing.HANDLED if closed.by_unit else Closing.ANSWERED_DIRECT).value
