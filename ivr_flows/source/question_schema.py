"""Nodes that ask the application and go on by its answer, as people write them: hours, entry, condition, lookup, callback.

Each becomes an `Ask`, which has a way for every answer its wish can get.
"""

from typing import Annotated, Literal

from pydantic import BeforeValidator

from hotline.rules.calls.flow_actions import (
    ActionOutcome,
    AskCaller,
    AskDialled,
    AskHours,
    CallerQuestion,
    LookUpBy,
    LookUpOutside,
    LookUpTicket,
    PromiseCallback,
    TellNotices,
)
from ivr_flows import flow
from ivr_flows.flow import Node
from ivr_flows.source.expressions import read_number
from ivr_flows.source.schema_fields import NAME, TARGET, Shape


class Hours(Shape):
    kind: Literal["hours"]
    schedule: NAME
    open: TARGET
    closed: TARGET
    holiday: str = ""
    """Empty: as when closed."""

    def node(self) -> Node:
        exits = {"open": self.open, "closed": self.closed, "holiday": self.holiday or self.closed}
        return flow.Ask(AskHours(self.schedule), exits)


class Entry(Shape):
    kind: Literal["entry"]
    numbers: dict[Annotated[str, BeforeValidator(read_number)], TARGET]
    other: TARGET

    def node(self) -> Node:
        return flow.Ask(AskDialled(), {**self.numbers, ActionOutcome.OTHER: self.other})


class Condition(Shape):
    kind: Literal["condition"]
    asks: CallerQuestion
    yes: TARGET
    no: TARGET

    def node(self) -> Node:
        return flow.Ask(AskCaller(self.asks), {"yes": self.yes, "no": self.no})


class Notices(Shape):
    kind: Literal["notices"]
    told: TARGET
    none: TARGET

    def node(self) -> Node:
        return flow.Ask(TellNotices(), {"yes": self.told, "no": self.none})


class TicketStatus(Shape):
    kind: Literal["ticket_status"]
    by: LookUpBy
    found: TARGET
    unknown: TARGET
    locked: TARGET

    def node(self) -> Node:
        exits = {"found": self.found, "unknown": self.unknown, "locked": self.locked}
        return flow.Ask(LookUpTicket(self.by), exits)


class Lookup(Shape):
    kind: Literal["lookup"]
    source: NAME
    found: TARGET
    unknown: TARGET
    timeout: TARGET
    failed: TARGET

    def node(self) -> Node:
        exits = {name: getattr(self, name) for name in ("found", "unknown", "timeout", "failed")}
        return flow.Ask(LookUpOutside(self.source), exits)


class Callback(Shape):
    kind: Literal["callback"]
    promised: TARGET
    impossible: TARGET

    def node(self) -> Node:
        return flow.Ask(PromiseCallback(), {"promised": self.promised, "impossible": self.impossible})
