"""Publishes versions of flows for new calls, and publishes an older version again as a roll-back.

The caller of this module has checked the flow; here its source is opaque data. A call keeps the version it
began with.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline import events
from hotline.rules.calls.flow_versions import Edition, PublicationView
from hotline.rules.enums import CallPurpose
from hotline.rules.errors import LostRace, NoSuchFlow, NotAllowed
from hotline.rules.people.actors import Person, Right
from hotline.rules.text import SHORT_TEXT, to_storable
from hotline.store.flows import FlowPublication, FlowVersion
from hotline.store.people.tables import User
from hotline.store.upsert import insert_if_absent
from hotline.unit_of_work import UnitOfWork


def publish(
    work: UnitOfWork, purpose: CallPurpose, edition: Edition, *, based_on: int, note: str = ""
) -> int:
    """Publishes `edition` for new calls of `purpose`; returns the publication's id.

    `based_on` is the latest publication known to the author (0: none). Raises NotAllowed, or LostRace if
    another version was published in the meantime.
    """
    person = work.actor if isinstance(work.actor, Person) else None
    if person is not None and not person.may(Right.PUBLISH_FLOWS):
        raise NotAllowed("the role may not publish flows")
    latest = current(work.session).get(purpose)
    if (latest.id if latest else 0) != based_on:
        raise LostRace("another version was published in the meantime")
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
    # The unique key (purpose, replaces) decides between two people who publish at the same moment.
    if publication_id is None:
        raise LostRace("another version was published at the same moment")
    work.record(events.FlowPublished(publication_id, edition.flow, edition.version))
    return int(publication_id)


def roll_back(work: UnitOfWork, to: PublicationView, *, based_on: int, note: str = "") -> int:
    """Publishes the version of `to` again. Raises NotAllowed, LostRace, NoSuchFlow if its source is not kept."""
    source = find_source(work.session, to.flow, to.version)
    if source is None:
        raise NoSuchFlow(f"{to.flow} {to.version}")
    return publish(work, to.purpose, Edition(to.flow, to.version, source), based_on=based_on, note=note)


def save_edition(work: UnitOfWork, edition: Edition) -> None:
    """Saves the source of a version, so that calls can end with the version they began with. Idempotent."""
    row = {
        "flow": edition.flow,
        "version": edition.version,
        "source": edition.source,
        "first_used_at": work.at,
    }
    insert_if_absent(work.session, FlowVersion, FlowVersion.flow, row)


def find_source(session: Session, flow: str, version: str) -> str | None:
    """Returns the source of a version, or None if it is not kept."""
    kept = select(FlowVersion.source).where(FlowVersion.flow == flow, FlowVersion.version == version)
    return session.scalar(kept)


def current(session: Session) -> dict[CallPurpose, PublicationView]:
    """Returns the latest publication of each purpose that has one."""
    rows = session.execute(_VIEW.order_by(FlowPublication.id)).all()
    return {row.purpose: PublicationView(*row) for row in rows}


def history(session: Session, purpose: CallPurpose, limit: int = 50) -> list[PublicationView]:
    """Returns the publications of `purpose`, newest first."""
    query = _VIEW.where(FlowPublication.purpose == purpose).order_by(FlowPublication.id.desc()).limit(limit)
    return [PublicationView(*row) for row in session.execute(query).all()]


def publication(session: Session, publication_id: int) -> PublicationView:
    """Returns one publication. Raises NoSuchFlow."""
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
