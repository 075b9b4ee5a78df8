"""The scripts at hand: today's for new calls, and older ones for calls that began with them."""

from collections.abc import Mapping

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.rules.actors import Machine
from hotline.rules.words import CallPurpose
from hotline.store.calls import FlowVersion
from hotline.store.insert import claim_row
from hotline.work import Hall
from ivr_flows.faults import FlowError
from ivr_flows.loader import Script, load_scripts, script_of

Edition = tuple[str, str]
"""(flow name, version)."""


class FlowShelf:
    """Today's script for each purpose, and every older edition a call of this process has asked for."""

    def __init__(self, scripts: Mapping[CallPurpose, Script]) -> None:
        self._today = dict(scripts)
        self._editions = {edition_of(script): script for script in scripts.values()}
        self._kept = False

    def today(self, purpose: CallPurpose) -> Script:
        return self._today[purpose]

    def keep(self, hall: Hall) -> None:
        """Write today's scripts to the database before this process's first call, so that calls can end with them."""
        if self._kept:
            return
        with hall.open_work(Machine.SYSTEM) as work:
            for script in self._today.values():
                flow, version = edition_of(script)
                row = {"flow": flow, "version": version, "source": script.source, "first_used_at": work.at}
                claim_row(work.session, FlowVersion, FlowVersion.flow, row)
        self._kept = True

    def edition(self, session: Session, flow: str, version: str, purpose: CallPurpose) -> Script:
        """Return the script a call began with; today's for its purpose if that edition was never kept.

        So it is for a kept edition that this program can no longer read: the caller is then led to a person.
        """
        known = self._editions.get((flow, version))
        if known is not None:
            return known
        kept = select(FlowVersion.source).where(FlowVersion.flow == flow, FlowVersion.version == version)
        source = session.scalar(kept)
        if source is None:
            return self._today[purpose]
        try:
            script = script_of(source)
        except FlowError as error:
            structlog.get_logger().error(
                "flow.unreadable", flow=flow, version=version, faults=len(error.faults)
            )
            script = self._today[purpose]
        return self._editions.setdefault((flow, version), script)


def edition_of(script: Script) -> Edition:
    return script.flow.name, script.flow.version


def open_shelf() -> FlowShelf:
    """Return the shelf with the product's own scripts. Raises FlowError."""
    return FlowShelf(load_scripts())
