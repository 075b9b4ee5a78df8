"""Tells what a change of the city's data would do, before it is published: deadlines that move, units that close."""

from dataclasses import dataclass

from sqlalchemy import select

from hotline.services import calendar
from hotline.services.city import deadlines, units
from hotline.services.city.data import CityData
from hotline.store.calendar import CalendarDay
from hotline.store.people.tables import Unit
from hotline.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class ClosingUnit:
    """A unit that closes, with what is open there. `successor` None with open tickets or people: the change is refused."""

    code: str
    name_zh: str
    name_en: str
    successor: str | None
    tickets: int
    people: int

    @property
    def is_blocked(self) -> bool:
        return self.successor is None and bool(self.tickets or self.people)


@dataclass(frozen=True, slots=True)
class Consequences:
    """The consequences of a publication. `open_count`: open tickets with a deadline of ours. `days`: days that become worked or free."""

    open_count: int
    moved: tuple[deadlines.Recount, ...]
    days: int
    closing: tuple[ClosingUnit, ...]
    added_units: int


def preview(work: UnitOfWork, data: CityData) -> Consequences:
    """Returns the consequences of publishing `data`. Nothing is changed.

    Another calendar moves the deadlines of open tickets; other limits hold for tickets that are handed off from then on.
    """
    known = {row.day: row.is_working for row in work.session.scalars(select(CalendarDay))}
    wanted = calendar.known_with(known, calendar.city_days(work.session), data.days)
    changed_days = {day for day in known.keys() | wanted.keys() if known.get(day) != wanted.get(day)}
    moved = tuple(deadlines.recounted(work, wanted)) if changed_days else ()
    return Consequences(
        deadlines.count_open(work),
        tuple(sorted(moved, key=lambda each: (each.due_at, each.ticket_id))),
        len(changed_days),
        _closing(work, data),
        _added(work, data),
    )


def _closing(work: UnitOfWork, data: CityData) -> tuple[ClosingUnit, ...]:
    entries = {entry.code: entry for entry in data.units}
    active = work.session.scalars(select(Unit).where(Unit.active).order_by(Unit.code)).all()
    closing = [unit for unit in active if unit.code not in entries or entries[unit.code].closed]
    codes = [unit.code for unit in closing]
    tickets, people = units.open_tickets(work, codes), units.people_at(work, codes)
    return tuple(
        ClosingUnit(
            unit.code,
            unit.name_zh,
            unit.name_en,
            entries[unit.code].successor if unit.code in entries else None,
            tickets[unit.code],
            people[unit.code],
        )
        for unit in closing
    )


def _added(work: UnitOfWork, data: CityData) -> int:
    known = set(work.session.scalars(select(Unit.code)))
    return sum(entry.code not in known for entry in data.units)
