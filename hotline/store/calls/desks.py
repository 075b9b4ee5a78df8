"""Reads what one desk shows: presence, current call, the caller's history, the queue's counts."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from hotline.rules.calls.states import WAITING
from hotline.rules.enums import CallState, PresenceState, TicketState
from hotline.rules.figures.report import Period
from hotline.rules.text import normalise
from hotline.rules.tickets.search import SearchWord, search_words
from hotline.store.base import meets
from hotline.store.calls.tables import LOST, PENDING, Call, Offer
from hotline.store.figures.calls import count_calls
from hotline.store.figures.cohorts import window_of
from hotline.store.outbound import Callback, Dial
from hotline.store.people.tables import Presence
from hotline.store.tickets import search_index
from hotline.store.tickets.lists import WALKED, moment_behind
from hotline.store.tickets.search import holds_texts
from hotline.store.tickets.tables import Ticket

HISTORY = 5
NEARBY = 6
# How far back tickets of the same place are searched.
NEARBY_DAYS = 60
RECENT = 14
# The period in which hand-offs are counted to list frequent units first.
UNIT_DAYS = 30
# So many of the newest tickets are counted for it; a city writes them within a few days.
MOST_RECENT = 1_000
_IN_HAND = (PresenceState.TALKING, PresenceState.WRAP_UP)
_OVER = (CallState.AFTER, CallState.ENDED)


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """The waiting queue now and today's answers. `longest_since` is when the longest-waiting caller began to wait."""

    waiting: int
    longest_since: datetime | None
    answered_15s: int
    # Waiting callers who need a skill, by skill.
    by_skill: tuple[tuple[str, int], ...]
    # Base of the 15-second rate: calls that joined the queue, without those still waiting or given up at
    # once.
    decided: int


@dataclass(frozen=True, slots=True)
class DeskSnapshot:
    """One operator's desk. `call` rings (`offer` set), is in progress, or waits for its record to be complete."""

    presence: Presence | None
    offer: Offer | None
    call: Call | None
    ticket: Ticket | None
    # The callback this call fulfils, if we placed the call.
    callback: Callback | None


def read_desk(session: Session, user_id: int) -> DeskSnapshot:
    presence = session.get(Presence, user_id)
    rings = select(Offer).where(Offer.operator_id == user_id, meets("offers", PENDING))
    offer = session.scalar(rings.order_by(Offer.id.desc()).limit(1))
    call_id = offer.call_id if offer is not None else _call_in_hand(session, user_id, presence)
    if call_id is None:
        return DeskSnapshot(presence, None, None, None, None)
    call = session.get_one(Call, call_id)
    return DeskSnapshot(presence, offer, call, ticket_of_call(session, call_id), _callback_of(session, call))


def _call_in_hand(session: Session, user_id: int, presence: Presence | None) -> int | None:
    """Returns the call in progress or in wrap-up, else one that is over and has no complete record."""
    if presence is not None and presence.state in _IN_HAND and presence.call_id is not None:
        return presence.call_id
    unfinished = select(Call.id).where(
        Call.operator_id == user_id,
        Call.answered_at.is_not(None),
        Call.finished_at.is_(None),
        Call.state.in_(_OVER),
    )
    return session.scalar(unfinished.order_by(Call.id).limit(1))


def ticket_of_call(session: Session, call_id: int) -> Ticket | None:
    """Returns the ticket written in this call, whatever its state."""
    first_round = select(Ticket).where(Ticket.call_id == call_id, Ticket.round == 1)
    return session.scalar(first_round.order_by(Ticket.id).limit(1))


def _callback_of(session: Session, call: Call) -> Callback | None:
    if call.dial_id is None:
        return None
    return session.scalar(
        select(Callback).join(Dial, Dial.callback_id == Callback.id).where(Dial.id == call.dial_id)
    )


def queue_figures(
    session: Session, today: date, zone: ZoneInfo, at: datetime, threshold: int
) -> QueueFigures:
    """Counts the queue and today's 15-second answers exactly as the day's report does."""
    waiting = session.execute(
        select(Call.skill, func.count(), func.min(Call.queued_at))
        .where(Call.state.in_(WAITING))
        .group_by(Call.skill)
        .order_by(Call.skill)
    ).all()
    longest = min((row[2] for row in waiting if row[2] is not None), default=None)
    counts, _curve = count_calls(session, window_of(Period(today, today), zone, at), zone, threshold)
    decided = counts.offered - counts.waiting - counts.short
    return QueueFigures(
        waiting=sum(row[1] for row in waiting),
        longest_since=longest,
        answered_15s=counts.answered_15s,
        by_skill=tuple((row[0], row[1]) for row in waiting if row[0]),
        decided=decided,
    )


def earlier_tickets(session: Session, number: str | None, except_id: int | None) -> tuple[Ticket, ...]:
    """Returns the last tickets of a caller, the newest first; none for a withheld number."""
    if number is None:
        return ()
    query = select(Ticket).where(
        Ticket.caller_number == number, Ticket.id != (except_id or 0), Ticket.state != TicketState.DISCARDED
    )
    return tuple(session.scalars(query.order_by(Ticket.received_at.desc(), Ticket.id.desc()).limit(HISTORY)))


def earlier_calls(session: Session, number: str | None, except_id: int) -> tuple[Call, ...]:
    """Returns a caller's last calls, the newest first; none for a withheld number."""
    if number is None:
        return ()
    query = select(Call).where(Call.number == number, Call.id != except_id)
    return tuple(session.scalars(query.order_by(Call.arrived_at.desc(), Call.id.desc()).limit(HISTORY)))


def tickets_near(
    session: Session, place: str, except_id: int, today: date, *, walked: int = WALKED
) -> tuple[Ticket, ...]:
    """Returns recent tickets whose place holds each word of `place` as the search compares words, the newest first.

    The places of `walked` tickets are read before the index of the search.
    """
    words = search_words(place, "")
    if not words:
        return ()
    search_index.prepare(session)
    recent = select(Ticket).where(
        Ticket.received_on >= today - timedelta(days=NEARBY_DAYS),
        holds_texts(place, ""),
        Ticket.id != except_id,
        Ticket.state != TicketState.DISCARDED,
    )
    # As in a search, a street is among the newest tickets, and the index knows a house.
    last = moment_behind(session, walked)
    near = recent if last is None else recent.where(Ticket.received_at >= last)
    found = _at_place(session, near, words)
    if last is None or len(found) == NEARBY:
        return found
    return _at_place(session, recent.where(search_index.candidates(session, words)), words)


def _at_place(session: Session, query: Select[Ticket], words: Iterable[SearchWord]) -> tuple[Ticket, ...]:
    newest = session.scalars(
        query.order_by(Ticket.received_at.desc(), Ticket.id.desc()).execution_options(yield_per=NEARBY * 10)
    )
    # The search column holds the other texts too; the words have to stand in the place itself.
    here = (ticket for ticket in newest if all(word.text in normalise(ticket.place) for word in words))
    return tuple(islice(here, NEARBY))


def tickets_written_by(session: Session, user_id: int, day: date) -> tuple[tuple[Ticket, ...], int]:
    """Returns the newest tickets a person wrote on a day, and their total; discarded drafts are left out.

    A draft that went to another operator after a lost talk is included.
    """
    lost = select(Offer.call_id).where(Offer.operator_id == user_id, meets("offers", LOST))
    mine = (
        or_(Ticket.author_id == user_id, Ticket.call_id.in_(lost)),
        Ticket.received_on == day,
        Ticket.state != TicketState.DISCARDED,
    )
    newest = select(Ticket).where(*mine).order_by(Ticket.id.desc()).limit(RECENT)
    total = session.scalar(select(func.count()).select_from(Ticket).where(*mine))
    return tuple(session.scalars(newest)), total or 0


def recent_hand_offs(session: Session, today: date, *, most: int = MOST_RECENT) -> dict[str, int]:
    """Returns how many of the newest `most` tickets each unit has, those of the last UNIT_DAYS days."""
    # A moment within a day of the first local day: the index is in the order of receipt.
    first = datetime.combine(today - timedelta(days=UNIT_DAYS), time(), UTC)
    newest = (
        select(Ticket.unit_code)
        .where(Ticket.received_at >= first)
        .order_by(Ticket.received_at.desc(), Ticket.id.desc())
        .limit(most)
    )
    return Counter(code for code in session.scalars(newest) if code is not None)
