"""Publishes versions of the city's data, and brings the texts of an older version back as a new one.

The caller has checked the texts; `data` is what they say. A version holds the texts of all kinds, and its units and days
are written in the same transaction, so that nobody ever sees a mixture of two versions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hotline import events
from hotline.rules.city import CityKind
from hotline.rules.errors import LostRace, NoSuchCityVersion, NotAllowed
from hotline.rules.people.actors import Person, Right
from hotline.rules.text import SHORT_TEXT, to_storable
from hotline.services import calendar
from hotline.services.city import deadlines, units
from hotline.services.city.data import CityData
from hotline.store.city import CityText, CityVersion
from hotline.store.people.tables import User
from hotline.store.upsert import insert_if_absent
from hotline.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class VersionView:
    """A published version. `replaces`: the one before (0: none). `author` None: published by a command. `changed`: the kinds whose text is not that of the version before."""

    id: int
    replaces: int
    note: str
    restores: int | None
    published_at: datetime
    author: str | None
    changed: tuple[CityKind, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """The new version, with what was written for it."""

    version: int
    units: units.UnitChanges
    days: int
    deadlines: int


def current_version(session: Session) -> int:
    """Returns the id of the version in force; 0 if none has been published."""
    return session.scalar(select(func.max(CityVersion.id))) or 0


def texts_of(session: Session, version: int) -> dict[CityKind, str]:
    """Returns the texts of a version. Raises NoSuchCityVersion. A kind that is younger than the version is absent."""
    rows = session.execute(select(CityText.kind, CityText.text).where(CityText.version_id == version)).all()
    if not rows:
        raise NoSuchCityVersion(str(version))
    return {row.kind: row.text for row in rows}


def versions(session: Session, *, before: int | None = None, limit: int = 50) -> tuple[VersionView, ...]:
    """Returns the versions below `before`, the newest first."""
    query = (
        select(CityVersion, User.display_name)
        .outerjoin(User, User.id == CityVersion.published_by)
        .order_by(CityVersion.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(CityVersion.id < before)
    return tuple(_view(session, version, author) for version, author in session.execute(query).all())


def version_view(session: Session, version: int) -> VersionView:
    """Returns one version. Raises NoSuchCityVersion."""
    found = versions(session, before=version + 1, limit=1)
    if not found or found[0].id != version:
        raise NoSuchCityVersion(str(version))
    return found[0]


def _view(session: Session, version: CityVersion, author: str | None) -> VersionView:
    texts = texts_of(session, version.id)
    before = texts_of(session, version.replaces) if version.replaces else {}
    changed = tuple(kind for kind in CityKind if kind in texts and texts[kind] != before.get(kind))
    return VersionView(
        version.id, version.replaces, version.note, version.restores, version.published_at, author, changed
    )


def publish(
    work: UnitOfWork,
    texts: Mapping[CityKind, str],
    data: CityData,
    *,
    based_on: int,
    note: str = "",
    restores: int | None = None,
) -> Published:
    """Publishes `texts`, which say `data`, as the version in force.

    `based_on` is the version that the author knew as the current one (0: none). Raises NotAllowed, LostRace if another
    version was published in the meantime, UnitInUse if a unit cannot be closed yet.
    """
    person = work.actor if isinstance(work.actor, Person) else None
    if person is not None and not person.may(Right.MANAGE_CITY):
        raise NotAllowed("the role may not change the city's data")
    row = {
        "replaces": based_on,
        "note": to_storable(note, SHORT_TEXT),
        "restores": restores,
        "published_at": work.at,
        "published_by": person.id if person else None,
    }
    version = None
    if current_version(work.session) == based_on:
        version = insert_if_absent(work.session, CityVersion, CityVersion.id, row)
    # The unique key `replaces` decides between two people who publish at the same moment.
    if version is None:
        raise LostRace("another version was published in the meantime")
    work.session.add_all(CityText(version_id=version, kind=kind, text=text) for kind, text in texts.items())
    work.flush()
    work.record(events.CityPublished(version, restores))
    changes = units.write_units(work, data.units)
    days = calendar.write_city_days(work, data.days)
    return Published(int(version), changes, days, deadlines.move_open(work) if days else 0)
