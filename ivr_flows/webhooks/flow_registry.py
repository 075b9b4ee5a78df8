"""The scripts at hand: today's for new calls, and older ones for calls that began with them.

Today's is what somebody has published last; where nothing was published, what lies in the city's files.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from hotline.rules.enums import CallPurpose
from hotline.rules.people.actors import Machine
from hotline.rules.policies import Policies
from hotline.services import flow_publications
from hotline.services.flow_publications import Edition
from hotline.unit_of_work import Application
from ivr_flows.loader import Script, load_scripts, script_of
from ivr_flows.source.problems import FlowError

LOOKED_EVERY = timedelta(seconds=2)
"""A published flow answers new calls after so long at most, in every process."""
Name = tuple[str, str]
"""(flow name, version)."""


class FlowShelf:
    """Today's script for each purpose, and every older edition a call of this process has asked for."""

    def __init__(self, scripts: Mapping[str, Script], policies: Policies) -> None:
        self._policies = policies
        self._files = dict(scripts)
        self._editions: dict[Name, Script | None] = {name_of(script): script for script in scripts.values()}
        """None: kept, but this program cannot read it; that is found out, and told, once."""
        self._published: dict[CallPurpose, Script] = {}
        self._kept = False
        self._looked: datetime | None = None

    def of_files(self, purpose: CallPurpose) -> Script:
        """Return the script of the city's files for `purpose`."""
        if purpose is CallPurpose.INBOUND:
            return self._files[self._policies.callers.inbound]
        return next(script for script in self._files.values() if script.flow.purpose is purpose)

    def all_of_files(self) -> tuple[Script, ...]:
        return tuple(self._files.values())

    def today(self, purpose: CallPurpose) -> Script:
        return self._published.get(purpose) or self.of_files(purpose)

    def open(self, application: Application) -> None:
        """Before a call: keep the files' scripts in the database once, and look whether others have been published."""
        if not self._kept:
            with application.unit_of_work(Machine.SYSTEM) as work:
                for script in self._files.values():
                    flow_publications.save_edition(work, edition_of(script))
            self._kept = True
        now = application.clock()
        if self._looked is None or not self._looked <= now < self._looked + LOOKED_EVERY:
            self._looked = now
            with application.read_session() as session:
                self._take_published(session)

    def edition(self, session: Session, flow: str, version: str, purpose: CallPurpose) -> Script:
        """Return the script a call began with; today's for its purpose if that edition was never kept.

        So it is for a kept edition that this program can no longer read: the caller is then led to a person.
        """
        return self._read(session, flow, version) or self.today(purpose)

    def _take_published(self, session: Session) -> None:
        published: dict[CallPurpose, Script] = {}
        for purpose, publication in flow_publications.current(session).items():
            script = self._read(session, publication.flow, publication.version)
            if script is not None and script.flow.purpose is purpose:
                published[purpose] = script
        self._published = published

    def _read(self, session: Session, flow: str, version: str) -> Script | None:
        if (flow, version) in self._editions:
            return self._editions[flow, version]
        source = flow_publications.find_source(session, flow, version)
        if source is None:
            return None
        script: Script | None = None
        try:
            script = script_of(source, self._policies)
        except FlowError as error:
            faults = len(error.faults)
            structlog.get_logger().error("flow.unreadable", flow=flow, version=version, faults=faults)
        return self._editions.setdefault((flow, version), script)


def name_of(script: Script) -> Name:
    return script.flow.name, script.flow.version


def edition_of(script: Script) -> Edition:
    return Edition(script.flow.name, script.flow.version, script.source)


def open_shelf(policies: Policies) -> FlowShelf:
    """Return the shelf with the product's own scripts. Raises FlowError."""
    return FlowShelf(load_scripts(policies), policies)
