"""Finds units as the cache of the process knows them."""

from hotline.store.people.tables import Unit
from hotline.store.people.units import read_unit
from hotline.unit_of_work import UnitOfWork


def find_unit(work: UnitOfWork, code: str | None) -> Unit | None:
    """Returns the unit `code` for reading only, or None. A change of a unit is seen when the cache has aged."""
    if code is None:
        return None
    return work.cache.get(("unit", code), work.at, lambda: read_unit(work.connection, code))
