"""Writes the units of a published version, and moves what is open at a closed unit to its successor.

Tickets that are closed keep their unit, so that figures of earlier days stay as they were published.
"""

from collections import Counter as Tally
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update

from hotline import events
from hotline.rules.city import UnitEntry
from hotline.rules.enums import OPEN_AT_UNIT
from hotline.rules.errors import UnitInUse
from hotline.store.people.tables import Unit, User
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import UnitOfWork

# Tickets that one transaction of the periodic job moves.
BATCH = 200


@dataclass(frozen=True, slots=True)
class UnitChanges:
    """Numbers of units added, changed (renamed, another address or successor, open again) and closed, and of tickets and users moved."""

    added: int = 0
    changed: int = 0
    closed: int = 0
    tickets: int = 0
    users: int = 0


def write_units(work: UnitOfWork, entries: Sequence[UnitEntry]) -> UnitChanges:
    """Brings the units up to date. A unit that is closed, or no longer listed, keeps its tickets and gets no new ones.

    Raises UnitInUse if tickets are open or people work at a unit that closes without a successor.
    """
    known = {unit.code: unit for unit in work.session.scalars(select(Unit).with_for_update(key_share=True))}
    added = [entry for entry in entries if entry.code not in known]
    work.session.add_all(
        Unit(
            code=entry.code,
            name_zh=entry.name_zh,
            name_en=entry.name_en,
            kind=entry.kind,
            webhook_url=entry.webhook_url,
            active=not entry.closed,
            successor=entry.successor,
        )
        for entry in added
    )
    changed = sum(_update(known[entry.code], entry) for entry in entries if entry.code in known)
    closing = _close(known, entries)
    work.flush()
    tickets, users = move_from_closed(work)
    _require_nothing_open(work, closing)
    return UnitChanges(len(added), changed, len(closing), tickets, users)


def _update(unit: Unit, entry: UnitEntry) -> bool:
    now = (unit.name_zh, unit.name_en, unit.kind, unit.webhook_url, unit.active, unit.successor)
    # A unit that closes is counted as such, not as changed.
    active = unit.active or not entry.closed
    unit.name_zh, unit.name_en, unit.kind = entry.name_zh, entry.name_en, str(entry.kind)
    unit.webhook_url, unit.active, unit.successor = entry.webhook_url, active, entry.successor
    return now != (unit.name_zh, unit.name_en, unit.kind, unit.webhook_url, unit.active, unit.successor)


def _close(known: Mapping[str, Unit], entries: Iterable[UnitEntry]) -> list[Unit]:
    wanted = {entry.code for entry in entries if not entry.closed}
    gone = [unit for unit in known.values() if unit.active and unit.code not in wanted]
    for unit in gone:
        unit.active = False
    return gone


def move_from_closed(work: UnitOfWork, limit: int | None = None) -> tuple[int, int]:
    """Moves open tickets and the people of closed units to their successors; returns how many tickets and people.

    Each ticket keeps its deadlines. A hand-off that was under way while the unit closed is found by the periodic job.
    """
    heirs = successors(work)
    if not heirs:
        return 0, 0
    query = (
        select(Ticket.id, Ticket.unit_code)
        .where(Ticket.unit_code.in_(sorted(heirs)), Ticket.state.in_(OPEN_AT_UNIT))
        .order_by(Ticket.id)
        .with_for_update(skip_locked=limit is not None)
    )
    moving = work.session.execute(query.limit(limit)).all()
    for ticket_id, former in moving:
        code = str(former)
        moved = (
            update(Ticket)
            .where(Ticket.id == ticket_id)
            .values(unit_code=heirs[code], revision=Ticket.revision + 1)
        )
        work.session.execute(moved, execution_options={"synchronize_session": False})
        work.record(events.TicketMoved(ticket_id, heirs[code], code))
    people = work.session.scalars(select(User).where(User.unit_code.in_(sorted(heirs)))).all()
    for user in people:
        before, user.unit_code = user.unit_code or "", heirs[user.unit_code or ""]
        work.record(events.UserChanged(user.id, {"unit_code": before}, {"unit_code": user.unit_code}))
    work.flush()
    return len(moving), len(people)


def move_stragglers(work: UnitOfWork) -> int:
    """Moves tickets that reached a unit while it was being closed; for the periodic job."""
    return move_from_closed(work, BATCH)[0]


def successors(work: UnitOfWork) -> dict[str, str]:
    """Returns the open unit that took over from each closed unit which has one."""
    rows = work.session.execute(select(Unit.code, Unit.active, Unit.successor)).all()
    units = {code: (active, successor) for code, active, successor in rows}
    found = {}
    for code, (is_active, _) in units.items():
        heir, seen = code, {code}
        while not units[heir][0] and (heir := units[heir][1] or "") in units and heir not in seen:
            seen.add(heir)
        if not is_active and heir in units and units[heir][0]:
            found[code] = heir
    return found


def open_tickets(work: UnitOfWork, codes: Iterable[str]) -> Tally[str]:
    """Returns the number of open tickets at each of these units."""
    query = (
        select(Ticket.unit_code, func.count())
        .where(Ticket.unit_code.in_(sorted(codes)), Ticket.state.in_(OPEN_AT_UNIT))
        .group_by(Ticket.unit_code)
    )
    return Tally({code: count for code, count in work.session.execute(query).all() if code is not None})


def people_at(work: UnitOfWork, codes: Iterable[str]) -> Tally[str]:
    """Returns the number of active users of each of these units."""
    query = (
        select(User.unit_code, func.count())
        .where(User.unit_code.in_(sorted(codes)), User.active)
        .group_by(User.unit_code)
    )
    return Tally({code: count for code, count in work.session.execute(query).all() if code is not None})


def _require_nothing_open(work: UnitOfWork, closing: Sequence[Unit]) -> None:
    codes = [unit.code for unit in closing]
    tickets, people = open_tickets(work, codes), people_at(work, codes)
    for code in codes:
        if tickets[code] or people[code]:
            raise UnitInUse(code, tickets[code], people[code])
