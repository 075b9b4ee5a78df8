"""Fills a database with many invented tickets, so that lists, searches and reports can be tried at a city's size.

The rows are written past the services, in chunks and with the drivers' own bulk statements: a million tickets take minutes
instead of hours. They are the same for the same number of tickets and the same moment. Libraries for invented data (Faker,
mimesis) have no Chinese requests to a city, so the texts are built from the matters of the demonstration.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, insert, or_, select, text

from config.demo.bulk_writer import BulkWriter
from config.demo.matters import Matter, read_matters
from config.demo.people import GIVEN, PLACES, SURNAMES, TITLES
from config.demo.simulation import BY_HOUR, SEED
from hotline import events
from hotline.rules.enums import (
    CLASS_OF,
    CallEnd,
    CallPurpose,
    CallState,
    Channel,
    Closing,
    DeliveryState,
    Role,
    Satisfied,
    Solved,
    TicketState,
)
from hotline.rules.text import normalise
from hotline.rules.tickets.ticket_numbers import ticket_number
from hotline.store.calls.tables import Call
from hotline.store.outbox import Delivery, EventRow
from hotline.store.people.tables import Unit, User
from hotline.store.tickets.tables import Assignment, Ticket

DAYS, OPERATORS, CHUNK = 365, 20, 10_000
# Names of the invented operators, who cannot sign in; the tickets of this module are known by them.
OPERATOR_NAME = "volume-{:02d}"
# Numbers of its tickets have their own prefix and the id as their sequence.
NUMBER_PREFIX = "QV"
LARGEST_UNIT = "city-management"
# Shares: tickets of the largest unit, discarded drafts, confidential tickets, callers who gave up once before.
LARGEST, DISCARDED, SECRET, GIVEN_UP = 0.2, 0.01, 0.005, 0.08
# The share that is open falls from all to the stragglers in these days: a few percent of a year.
OPEN_DAYS, STRAGGLERS = 14, 0.003
_CHANNELS, _CHANNEL_WEIGHTS = tuple(Channel), (800, 120, 30, 40, 9, 1)
_ENDS = (CallEnd.ABANDONED, CallEnd.LEFT_IN_FLOW, CallEnd.LEFT_FOR_CALLBACK, CallEnd.FAILED)
_END_WEIGHTS = (70, 20, 9, 1)
_OPEN_STATES = (
    TicketState.DISPATCHED,
    TicketState.ACKNOWLEDGED,
    TicketState.IN_PROGRESS,
    TicketState.REPLIED,
    TicketState.DRAFT,
)
_OPEN_WEIGHTS = (20, 15, 50, 14, 1)
# The steps that a unit has taken by its state.
_STEPS = {
    TicketState.ACKNOWLEDGED: 1,
    TicketState.IN_PROGRESS: 2,
    TicketState.REPLIED: 3,
    TicketState.CLOSED: 4,
}
_FIRST = "安宁康泰和美锦绣金玉翠碧云霞春秋瑞祥福禄天地文武东南西北中华明德仁义山水林园花草龙凤鸿雁星月"
_SECOND = "居苑庭府湖湾城邦都会峰岭桥港堤岸坊巷井田路道台阁亭轩堂院景源泉溪涧洲屿滨海江河湾谷坡岗"
_ESTATES = ("花园", "小区", "家园", "公寓", "新村", "大厦")
_WISHES = (
    "请尽快安排人员到现场查看",
    "已多次反映未见处理",
    "望相关部门给予答复",
    "影响附近居民正常生活",
    "家中有老人和孩子",
    "物业称不归其管理",
    "社区已登记但没有下文",
    "夜间情况更为严重",
    "上周来人看过之后没有动静",
    "希望公布处理结果",
)


class NotOurTickets(ValueError):
    """Raised for a database that holds tickets which this module did not write."""


def fill(engine: Engine, tickets: int, *, now: datetime, zone: ZoneInfo, beside: bool = False) -> None:
    """Writes `tickets` tickets of the year before `now`, with their calls, events and deliveries.

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
        _Filler(connection, authors, units, now, zone).write(tickets)
    # PostgreSQL would do so by itself after a minute. SQLite has no such process, and its planner does well without.
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text("ANALYZE"))


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


class _Filler:
    """Writes the rows of one run. Its dice are thrown in the order of the tickets."""

    def __init__(
        self, connection: Connection, authors: list[int], units: list[str], now: datetime, zone: ZoneInfo
    ) -> None:
        self._connection, self._authors = connection, authors
        self._now = now.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        self._offset = now.astimezone(zone).utcoffset() or timedelta()
        self._rng = Random(SEED)  # noqa: S311 - dice, not secrets
        self._matters = [matter for matter in read_matters() if matter.unit in units]
        self._of_largest = [
            matter for matter in self._matters if matter.unit == LARGEST_UNIT
        ] or self._matters
        self._weights = list(accumulate(matter.weight for matter in self._matters))
        self._writer = BulkWriter(connection, (Call, Ticket, EventRow, Delivery, Assignment))

    def write(self, tickets: int) -> None:
        with self._writer.indexes_at_the_end():
            moments = self._arrivals(tickets)
            while chunk := list(islice(moments, CHUNK)):
                for arrived in chunk:
                    self._write_matter(arrived)
                self._writer.flush()

    def _arrivals(self, tickets: int) -> Iterator[datetime]:
        """Returns the moment of each ticket in UTC, in order: the same number a day, more in the hours of an office."""
        step, midnight = tickets / DAYS, self._now - timedelta(days=DAYS)
        for day in range(DAYS):
            count = int(step * (day + 1)) - int(step * day)
            begins = midnight + timedelta(days=day)
            local = (begins + self._offset).hour
            hours = self._rng.choices(range(24), BY_HOUR[local:] + BY_HOUR[:local], k=count)
            yield from sorted(
                begins + timedelta(hours=hour, seconds=int(self._rng.random() * 3600)) for hour in hours
            )

    def _write_matter(self, arrived: datetime) -> None:
        rng = self._rng
        channel = rng.choices(_CHANNELS, _CHANNEL_WEIGHTS)[0]
        author = rng.choice(self._authors)
        number = f"+861{rng.choice('35789')}{rng.randrange(10**9):09d}"
        ticket_id = self._writer.next_id(Ticket)
        call_id = self._write_call(arrived, number, author) if channel is Channel.PHONE else None
        if call_id is not None and rng.random() < GIVEN_UP:
            self._write_call(arrived, number, None)
        self._write_ticket(
            ticket_id, arrived, channel=channel, caller_number=number, author_id=author, call_id=call_id
        )

    def _write_call(self, arrived: datetime, number: str, operator: int | None) -> int:
        """Writes a call that `operator` answered; None: the caller gave up."""
        call_id, waited, talked = (
            self._writer.next_id(Call),
            self._rng.randrange(40),
            self._rng.randrange(40, 400),
        )
        queued = arrived + timedelta(seconds=12)
        over = queued + timedelta(seconds=waited)
        answered = over if operator else None
        ended = over + timedelta(seconds=talked) if operator else over
        end = CallEnd.COMPLETED if operator else self._rng.choices(_ENDS, _END_WEIGHTS)[0]
        self._writer.add(
            Call,
            id=call_id,
            sid=f"CA{call_id:032x}",
            purpose=CallPurpose.INBOUND,
            number=number,
            number_raw=number,
            dialed="12345",
            state=CallState.ENDED,
            language="zh-CN",
            flow="menu",
            flow_version="1",
            position="",
            path="",
            skill="",
            priority=0,
            operator_id=operator,
            arrived_at=arrived,
            arrived_on=(arrived + self._offset).date(),
            queued_at=queued,
            place_since=queued,
            joined_at=queued,
            answered_at=answered,
            ended_at=ended,
            finished_at=ended if operator else None,
            wait_seconds=waited,
            talk_seconds=talked if operator else None,
            end=end,
            satisfied=self._rng.choice((Satisfied.YES, Satisfied.YES, Satisfied.NO, None))
            if operator
            else None,
        )
        self._write_event(arrived, events.CallArrived(call_id))
        return call_id

    def _write_ticket(
        self,
        ticket_id: int,
        arrived: datetime,
        *,
        channel: Channel,
        caller_number: str,
        author_id: int,
        call_id: int | None,
    ) -> None:
        rng, day = self._rng, (arrived + self._offset).date()
        is_largest = rng.random() < LARGEST
        matter = (
            rng.choice(self._of_largest)
            if is_largest
            else rng.choices(self._matters, cum_weights=self._weights)[0]
        )
        place, title, told = self._texts(matter)
        name = rng.choice(SURNAMES) + rng.choice(TITLES)
        state, closed = self._fate(arrived, is_direct=bool(matter.answer) and not is_largest)
        unit = None if state is TicketState.DRAFT or (closed and not closed.by_unit) else matter.unit
        due = arrived + timedelta(days=5)
        steps = _STEPS.get(state, 0) if unit else 0
        self._writer.add(
            Ticket,
            id=ticket_id,
            number=None
            if state is TicketState.DRAFT
            else ticket_number(NUMBER_PREFIX, f"{day:%Y%m%d}", ticket_id, 7),
            access_code=f"{rng.randrange(10**6):06d}",
            state=state,
            revision=1 + steps,
            channel=channel,
            type=matter.type,
            request_class=CLASS_OF[matter.type],
            category=matter.category,
            title=title,
            text=told,
            wanted=matter.wanted,
            place=place,
            occurred="近三天",
            people="",
            urgency=matter.urgency,
            confidential=rng.random() < SECRET,
            caller_name=name,
            caller_number=caller_number,
            call_id=call_id,
            author_id=author_id,
            unit_code=unit,
            answer=matter.answer if closed and not closed.by_unit else "",
            reply=(matter.reply or _WISHES[-1]) if steps > 3 else "",
            contact_note="",
            closing=None
            if closed is None
            else Closing.HANDLED
            if closed.by_unit
            else Closing.ANSWERED_DIRECT,
            policy="",
            round=1,
            received_at=arrived,
            received_on=day,
            dispatched_at=arrived + timedelta(minutes=4) if unit else None,
            acknowledged_at=arrived + timedelta(minutes=50) if steps > 0 else None,
            first_contact_at=arrived + timedelta(hours=3) if steps > 1 else None,
            replied_at=arrived + timedelta(hours=20) if steps > 2 else None,
            closed_at=closed.at if closed else None,
            acknowledge_due=arrived + timedelta(hours=2) if unit else None,
            contact_due=arrived + timedelta(days=1) if unit else None,
            due_at=due if unit else None,
            due_provisional=False,
            due_computed=False,
            followed_up_at=closed.at if closed and closed.answer else None,
            solved=closed.answer if closed else None,
            satisfied=Satisfied.YES if closed and closed.answer is Solved.YES else None,
            # What `search_columns` returns for texts in which nothing is masked, without looking for what could be.
            search_text="\n".join((normalise(title), normalise(told), normalise(place), "")),
            search_private=normalise(name),
        )
        if unit:
            self._write_hand_off(ticket_id, unit, arrived + timedelta(minutes=4))
        if closed:
            closing = Closing.HANDLED if closed.by_unit else Closing.ANSWERED_DIRECT
            self._write_event(closed.at, events.TicketClosed(ticket_id, closing))

    def _write_hand_off(self, ticket_id: int, unit: str, at: datetime) -> None:
        event_id = self._write_event(at, events.TicketHandedOff(ticket_id, unit))
        self._writer.add(
            Delivery,
            id=self._writer.next_id(Delivery),
            event_id=event_id,
            reaction="deliver_to_inbox",
            lane="notifications",
            state=DeliveryState.DONE,
            attempts=1,
            next_try_at=at,
            done_at=at,
        )
        self._writer.add(
            Assignment,
            id=self._writer.next_id(Assignment),
            ticket_id=ticket_id,
            unit_code=unit,
            delivered_at=at,
        )

    def _write_event(self, at: datetime, event: events.Event) -> int:
        event_id = self._writer.next_id(EventRow)
        kind, subject, subject_id, data = events.pack(event)
        # Everything has followed already: the relay has nothing to do.
        self._writer.add(
            EventRow,
            id=event_id,
            at=at,
            kind=kind,
            subject=subject,
            subject_id=subject_id,
            actor="system",
            data=json.dumps(data),
            relayed_at=at,
        )
        return event_id

    def _texts(self, matter: Matter) -> tuple[str, str, str]:
        """Returns place, title and text of a request; the estates are so many that most names are rare."""
        rng = self._rng
        area = rng.choice(PLACES)
        estate = rng.choice(_FIRST) + rng.choice(_SECOND) + rng.choice(_ESTATES)
        place = f"{area}{estate}{rng.randrange(1, 40)}号楼{rng.randrange(1, 7)}单元"
        detail = rng.choice(matter.details)
        told = matter.text.format(place=place, detail=detail)
        return place, matter.title.format(place=estate, detail=detail)[:120], f"{told}{rng.choice(_WISHES)}。"

    def _fate(self, arrived: datetime, *, is_direct: bool) -> tuple[TicketState, "_Closed | None"]:
        rng, age = self._rng, (self._now - arrived) / timedelta(days=1)
        if rng.random() < DISCARDED:
            return TicketState.DISCARDED, None
        if is_direct:
            return TicketState.CLOSED, _Closed(arrived + timedelta(minutes=4), by_unit=False)
        if rng.random() < max(1 - age / OPEN_DAYS, STRAGGLERS):
            return rng.choices(_OPEN_STATES, _OPEN_WEIGHTS)[0], None
        closed = (
            arrived + (self._now - arrived) * rng.random()
            if age < OPEN_DAYS
            else arrived + timedelta(days=OPEN_DAYS * rng.random())
        )
        answer = rng.choices((Solved.YES, Solved.NO, None), (60, 5, 35))[0]
        return TicketState.CLOSED, _Closed(closed.replace(microsecond=0), by_unit=True, answer=answer)


@dataclass(frozen=True, slots=True)
class _Closed:
    at: datetime
    by_unit: bool
    answer: Solved | None = None
