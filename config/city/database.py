"""Writes the city's units and the known working days into its database.

`hotline migrate` does so at every release: a new unit needs an entry in units.toml and a release.
"""

from dataclasses import dataclass

from sqlalchemy import select

from config.city import CITY
from config.city.units import UnitEntry, read_units
from hotline.rules.people.actors import Machine
from hotline.services import calendar
from hotline.store.people.tables import Unit
from hotline.unit_of_work import Application


@dataclass(frozen=True, slots=True)
class CityChanges:
    """Numbers of units added, changed (renamed, another webhook, active again) and closed, and of days added or changed."""

    added: int
    changed: int
    retired: int
    days: int


def write_city(application: Application) -> CityChanges:
    """Brings units and working days up to date.

    A unit that is marked closed or no longer in the file keeps its tickets and gets no new ones. Raises BadFile for a wrong
    units.toml.
    """
    entries = read_units(CITY / "units.toml")
    with application.unit_of_work(Machine.SYSTEM) as work:
        known = {unit.code: unit for unit in work.session.scalars(select(Unit))}
        added = [entry for entry in entries if entry.code not in known]
        work.session.add_all(
            Unit(
                code=entry.code,
                name_zh=entry.name_zh,
                name_en=entry.name_en,
                kind=entry.kind,
                webhook_url=entry.webhook_url,
                active=not entry.closed,
            )
            for entry in added
        )
        changed = sum(_update(known[entry.code], entry) for entry in entries if entry.code in known)
        retired = _retire(known, {entry.code for entry in entries if not entry.closed})
        return CityChanges(len(added), changed, retired, calendar.seed_known_years(work))


def _update(unit: Unit, entry: UnitEntry) -> bool:
    now = (unit.name_zh, unit.name_en, unit.kind, unit.webhook_url, unit.active)
    # A unit that closes is counted as such, not as changed.
    active = unit.active or not entry.closed
    wanted = (entry.name_zh, entry.name_en, str(entry.kind), entry.webhook_url, active)
    unit.name_zh, unit.name_en, unit.kind, unit.webhook_url, unit.active = wanted
    return now != wanted


def _retire(known: dict[str, Unit], wanted: set[str]) -> int:
    gone = [unit for unit in known.values() if unit.active and unit.code not in wanted]
    for unit in gone:
        unit.active = False
    return len(gone)
