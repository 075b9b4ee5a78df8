"""What the pages of flows show: which version answers calls of a purpose, since when, by whom, and what came before."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from agent_console.web.console_context import application, console, options
from agent_console.web.flow_catalog import Draft, DraftRefused
from hotline.rules.enums import CallPurpose
from hotline.services import flow_publications
from hotline.services.flow_publications import Edition, PublicationView
from hotline.store.calls.flow_paths import Version


@dataclass(frozen=True, slots=True)
class InForce:
    """What new calls of `purpose` begin with. `publication` None: what lies in the city's files.

    `unread`: this version of the program cannot read what was published, so the city's files answer instead.
    """

    purpose: CallPurpose
    edition: Edition
    nodes: int
    publication: PublicationView | None
    unread: PublicationView | None = None

    @property
    def version(self) -> Version:
        return self.purpose, self.edition.flow, self.edition.version

    @property
    def latest_id(self) -> int:
        """What somebody who publishes now must say they have seen (0: nothing published yet)."""
        latest = self.publication or self.unread
        return latest.id if latest else 0


def in_force(session: Session, purpose: CallPurpose) -> InForce:
    return _in_force(session, purpose, flow_publications.current(session).get(purpose))


def all_in_force(session: Session) -> list[InForce]:
    current = flow_publications.current(session)
    return [_in_force(session, purpose, current.get(purpose)) for purpose in CallPurpose]


def _in_force(session: Session, purpose: CallPurpose, published: PublicationView | None) -> InForce:
    files = options().flows.of_files(purpose)
    if published is None:
        return InForce(purpose, files.edition, files.nodes, None)
    draft = readable(session, published.flow, published.version)
    if draft is None or draft.purpose is not purpose:
        return InForce(purpose, files.edition, files.nodes, None, published)
    return InForce(purpose, draft.edition, draft.nodes, published)


def readable(session: Session, flow: str, version: str) -> Draft | None:
    """Return a kept version, or None if it was never kept or cannot be read any more: then it answers no call."""
    source = flow_publications.find_source(session, flow, version)
    if source is None:
        return None
    try:
        return options().flows.recall(source)
    except DraftRefused:
        return None


def publication_of(session: Session, purpose: CallPurpose, publication_id: int) -> PublicationView:
    """Return a publication of `purpose`. Raises NotFound; NoSuchFlow is turned into a page by the doors."""
    found = flow_publications.publication(session, publication_id)
    if found.purpose is not purpose:
        raise NotFound
    return found


def yesterday() -> date:
    """Return the local day before this one."""
    return application().clock().astimezone(application().policies.zone).date() - timedelta(days=1)


def ways_of(session: Session, version: Version) -> dict[str, int]:
    """Return yesterday's callers on each way of a version."""
    return dict(console().traffic.of(session, version, yesterday(), application().clock()).ways)
