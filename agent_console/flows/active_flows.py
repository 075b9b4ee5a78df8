"""The version of a flow that answers calls of a purpose, with its publication."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import cast

from flask import current_app
from werkzeug.exceptions import NotFound

from agent_console.flows.flow_traffic import TrafficCounts
from agent_console.web.console_context import application, options
from agent_console.web.flow_catalog import Draft, DraftRefused
from hotline.rules.calls.flow_versions import Edition, PublicationView
from hotline.rules.enums import CallPurpose
from hotline.services import flow_publications
from hotline.store.calls.flow_paths import Version
from hotline.unit_of_work import ReadSession

TRAFFIC = "hotline_flow_traffic"


@dataclass(frozen=True, slots=True)
class ActiveFlow:
    """The flow that new calls of `purpose` start with. `publication` is None for the flow of the city's files.

    `unread` is a publication that this version of the program cannot read; the city's files are used instead.
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
        """The id of the latest publication, which the next one must be based on; 0 before the first."""
        latest = self.publication or self.unread
        return latest.id if latest else 0


def active_flow(session: ReadSession, purpose: CallPurpose) -> ActiveFlow:
    return _active_flow(session, purpose, flow_publications.current(session).get(purpose))


def active_flows(session: ReadSession) -> list[ActiveFlow]:
    current = flow_publications.current(session)
    return [_active_flow(session, purpose, current.get(purpose)) for purpose in CallPurpose]


def _active_flow(session: ReadSession, purpose: CallPurpose, published: PublicationView | None) -> ActiveFlow:
    files = options().flows.of_files(purpose)
    if published is None:
        return ActiveFlow(purpose, files.edition, files.nodes, None)
    draft = readable(session, published.flow, published.version)
    if draft is None or draft.purpose is not purpose:
        return ActiveFlow(purpose, files.edition, files.nodes, None, published)
    return ActiveFlow(purpose, draft.edition, draft.nodes, published)


def readable(session: ReadSession, flow: str, version: str) -> Draft | None:
    """Returns a stored version, or None if it is not stored or can no longer be read. Such a version answers no call."""
    source = flow_publications.find_source(session, flow, version)
    if source is None:
        return None
    try:
        return options().flows.recall(source)
    except DraftRefused:
        return None


def publication_of(session: ReadSession, purpose: CallPurpose, publication_id: int) -> PublicationView:
    """Returns a publication of `purpose`. Raises NotFound for one of another purpose, NoSuchFlow for an unknown id."""
    found = flow_publications.publication(session, publication_id)
    if found.purpose is not purpose:
        raise NotFound
    return found


def yesterday() -> date:
    """Returns the local day before the current one."""
    return application().clock().astimezone(application().policies.zone).date() - timedelta(days=1)


def traffic_counts() -> TrafficCounts:
    """Returns the counts of this web application, which its first request for them creates."""
    return cast("TrafficCounts", current_app.extensions.setdefault(TRAFFIC, TrafficCounts()))


def callers_by_exit(session: ReadSession, version: Version) -> dict[str, int]:
    """Returns yesterday's callers at each exit of a version, by `node>exit`."""
    return dict(traffic_counts().of(session, version, yesterday(), application().clock()).callers_by_exit)
