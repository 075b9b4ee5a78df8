"""Writing the city's own facts into its database: units as units.toml says, working days as far as they are known.

Run by `hotline migrate` at every release, so that editing the file and releasing is all there is to a new unit.
"""

from dataclasses import dataclass
from importlib.resources import files

from sqlalchemy import select

from config.city.units import UnitEntry, read_units
from hotline.rules.people.actors import Machine
from hotline.services import calendar
from hotline.store.people.tables import Unit
from hotline.unit_of_work import Application


@dataclass(frozen=True, slots=True)
class Written:
    """What changed: units that are new, that were renamed or taken back, that left the file; new days."""

    added: int
    changed: int
    retired: int
    days: int


def write_city(application: Application) -> Written:
    """Bring units and working days up to date. A unit that left the file takes no more tickets, and keeps those it has.

    Raises BadFile when units.toml is wrong.
    """
    entries = read_units(files("config.city") / "example" / "units.toml")
    with application.unit_of_work(Machine.SYSTEM) as work:
        known = {unit.code: unit for unit in work.session.scalars(select(Unit))}
        added = [entry for entry in entries if entry.code not in known]
        work.session.add_all(
            Unit(code=entry.code, name_zh=entry.name_zh, name_en=entry.name_en, kind=entry.kind, active=True)
            for entry in added
        )
        changed = sum(_renew(known[entry.code], entry) for entry in entries if entry.code in known)
        retired = _retire(known, {entry.code for entry in entries})
        return Written(len(added), changed, retired, calendar.seed_known_years(work))


def _renew(unit: Unit, entry: UnitEntry) -> bool:
    now = (unit.name_zh, unit.name_en, unit.kind, unit.active)
    wanted = (entry.name_zh, entry.name_en, str(entry.kind), True)
    unit.name_zh, unit.name_en, unit.kind, unit.active = wanted
    return now != wanted


def _retire(known: dict[str, Unit], wanted: set[str]) -> int:
    gone = [unit for unit in known.values() if unit.active and unit.code not in wanted]
    for unit in gone:
        unit.active = False
    return len(gone)
