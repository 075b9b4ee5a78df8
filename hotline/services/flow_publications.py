"""Which version of a flow new calls begin with: published by hand, rolled back by publishing an older one again.

What is published was checked by its door (a flow is data to this house); a call keeps the version it began with.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline import events
from hotline.rules.enums import CallPurpose
from hotline.rules.errors import LostRace, NoSuchFlow, NotAllowed
from hotline.rules.people.actors import Person, Right
from hotline.rules.text import SHORT_TEXT, to_storable
from hotline.store.flows import FlowPublication, FlowVersion
from hotline.store.people.tables import User
from hotline.store.upsert import insert_if_absent
from hotline.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of a flow, with all that is needed to read it again."""

    flow: str
    version: str
    source: str


@dataclass(frozen=True, slots=True)
class PublicationView:
    """Who published what, when. `author` None: the command line."""

    id: int
    purpose: CallPurpose
    flow: str
    version: str
    note: str
    published_at: datetime
    author: str | None


def publish(
    work: UnitOfWork, purpose: CallPurpose, edition: Edition, *, based_on: int, note: str = ""
) -> int:
    """Let new calls of `purpose` begin with `edition`; return the publication's id.

    `based_on` is the latest publication its author knew (0: none). Raises NotAllowed, or LostRace if somebody has
    published in between: look at theirs first.
    """
    person = work.actor if isinstance(work.actor, Person) else None
    if person is not None and not person.may(Right.PUBLISH_FLOWS):
        raise NotAllowed("publishes no flows")
    latest = current(work.session).get(purpose)
    if (latest.id if latest else 0) != based_on:
        raise LostRace("somebody has published in between")
    save_edition(work, edition)
    row = {
        "purpose": purpose,
        "flow": edition.flow,
        "version": edition.version,
        "replaces": based_on,
        "note": to_storable(note, SHORT_TEXT),
        "published_at": work.at,
        "published_by": person.id if person else None,
    }
    publication_id = insert_if_absent(work.session, FlowPublication, FlowPublication.id, row)
    if publication_id is None:
        raise LostRace("somebody has published at this moment")
    work.record(events.FlowPublished(publication_id, edition.flow, edition.version))
    return int(publication_id)


def roll_back(work: UnitOfWork, to: PublicationView, *, based_on: int, note: str = "") -> int:
    """Publish again what `to` published. Raises NotAllowed, LostRace, NoSuchFlow if its source was never kept."""
    source = find_source(work.session, to.flow, to.version)
    if source is None:
        raise NoSuchFlow(f"{to.flow} {to.version}")
    return publish(work, to.purpose, Edition(to.flow, to.version, source), based_on=based_on, note=note)


def save_edition(work: UnitOfWork, edition: Edition) -> None:
    """Keep the source of a version, so that calls can end with it. Idempotent."""
    row = {
        "flow": edition.flow,
        "version": edition.version,
        "source": edition.source,
        "first_used_at": work.at,
    }
    insert_if_absent(work.session, FlowVersion, FlowVersion.flow, row)


def find_source(session: Session, flow: str, version: str) -> str | None:
    """Return the source of a version, or None if it was never kept."""
    kept = select(FlowVersion.source).where(FlowVersion.flow == flow, FlowVersion.version == version)
    return session.scalar(kept)


def current(session: Session) -> dict[CallPurpose, PublicationView]:
    """Return the latest publication of each purpose that has one."""
    found = session.execute(_VIEW.order_by(FlowPublication.id)).all()
    return {row.purpose: PublicationView(*row) for row in found}


def history(session: Session, purpose: CallPurpose, limit: int = 50) -> list[PublicationView]:
    """Return what was published for `purpose`, newest first."""
    found = _VIEW.where(FlowPublication.purpose == purpose).order_by(FlowPublication.id.desc()).limit(limit)
    return [PublicationView(*row) for row in session.execute(found).all()]


def publication(session: Session, publication_id: int) -> PublicationView:
    """Return one publication. Raises NoSuchFlow."""
    row = session.execute(_VIEW.where(FlowPublication.id == publication_id)).first()
    if row is None:
        raise NoSuchFlow(str(publication_id))
    return PublicationView(*row)


_VIEW = select(
    FlowPublication.id,
    FlowPublication.purpose,
    FlowPublication.flow,
    FlowPublication.version,
    FlowPublication.note,
    FlowPublication.published_at,
    User.display_name,
).outerjoin(User, User.id == FlowPublication.published_by)
