"""Keeps the scripts of this process: the active ones for new calls, and older ones for calls that began with them.

Active is the script published last for a purpose, or the one in the city's files if none was published.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from hotline.rules.calls.flow_versions import Edition
from hotline.rules.enums import CallPurpose
from hotline.rules.people.actors import Machine
from hotline.rules.policies import Policies
from hotline.services import flow_publications
from hotline.unit_of_work import Application, ReadSession
from ivr_flows.flow import Script
from ivr_flows.source.problems import FlowError

# A published flow answers new calls of every process after at most this time.
REFRESH_EVERY = timedelta(seconds=2)
# (flow name, version).
Name = tuple[str, str]
# Reads the stored source of a script under the city's policies. Raises FlowError; `loader.load_stored_script` is one.
StoredScriptReader = Callable[[str, Policies], Script]


class FlowRegistry:
    """The active script for each purpose, and every older edition that a call of this process has needed."""

    def __init__(
        self, scripts: Mapping[str, Script], policies: Policies, read_stored: StoredScriptReader
    ) -> None:
        self._policies = policies
        self._inbound = policies.callers.inbound
        self._read_stored = read_stored
        self._files = dict(scripts)
        # None: stored, but not usable by this version of the program; this is found out and logged once.
        self._editions: dict[Name, Script | None] = {name_of(script): script for script in scripts.values()}
        self._published: dict[CallPurpose, Script] = {}
        self._kept = False
        self._looked: datetime | None = None

    def from_files(self, purpose: CallPurpose) -> Script:
        """Returns the script in the city's files for `purpose`."""
        if purpose is CallPurpose.INBOUND:
            return self._files[self._inbound]
        return next(script for script in self._files.values() if script.flow.purpose is purpose)

    def all_from_files(self) -> tuple[Script, ...]:
        return tuple(self._files.values())

    def active(self, purpose: CallPurpose) -> Script:
        return self._published.get(purpose) or self.from_files(purpose)

    def refresh(self, application: Application) -> None:
        """Stores the files' scripts once, and reads newly published ones when REFRESH_EVERY has passed.

        Another version of the city's policies is taken over first.
        """
        if application.policies is not self._policies:
            self._take_policies(application.policies)
        if not self._kept:
            with application.unit_of_work(Machine.SYSTEM) as work:
                for script in self._files.values():
                    flow_publications.save_edition(work, edition_of(script))
            self._kept = True
        now = application.clock()
        if self._looked is None or not self._looked <= now < self._looked + REFRESH_EVERY:
            self._looked = now
            with application.read_session() as session:
                self._take_published(session)

    def kept(self, flow: str, version: str) -> Script | None:
        """Returns the script a call began with, if this process has read it."""
        return self._editions.get((flow, version))

    def edition(self, session: ReadSession, flow: str, version: str, purpose: CallPurpose) -> Script:
        """Returns the script a call began with, or the active one if that edition is missing or unusable."""
        return self._read(session, flow, version) or self.active(purpose)

    def _take_policies(self, policies: Policies) -> None:
        """Takes over the policies of a newly published version; what a script says and does is not part of them."""
        self._policies = policies
        # One that the policies before did not fit may be usable now.
        self._editions = {name: script for name, script in self._editions.items() if script is not None}
        self._looked = None
        if policies.callers.inbound in self._files:
            self._inbound = policies.callers.inbound
        else:
            # It was checked when it was published, by another version of the program.
            structlog.get_logger().error("flow.unknown_inbound", flow=policies.callers.inbound)

    def _take_published(self, session: ReadSession) -> None:
        published: dict[CallPurpose, Script] = {}
        for purpose, publication in flow_publications.current(session).items():
            script = self._read(session, publication.flow, publication.version)
            if script is not None and script.flow.purpose is purpose:
                published[purpose] = script
        self._published = published

    def _read(self, session: ReadSession, flow: str, version: str) -> Script | None:
        if (flow, version) in self._editions:
            return self._editions[flow, version]
        source = flow_publications.find_source(session, flow, version)
        if source is None:
            return None
        script: Script | None = None
        try:
            script = self._read_stored(source, self._policies)
        except FlowError as error:
            problems = len(error.problems)
            structlog.get_logger().error("flow.unreadable", flow=flow, version=version, problems=problems)
        return self._editions.setdefault((flow, version), script)


def name_of(script: Script) -> Name:
    return script.flow.name, script.flow.version


def edition_of(script: Script) -> Edition:
    return Edition(script.flow.name, script.flow.version, script.source)
