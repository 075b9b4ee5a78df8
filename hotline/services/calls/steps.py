"""Gathers what one webhook changes about a call that it has read and not locked, and writes it at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hotline.events import Event
from hotline.services.calls.queries import CallView
from hotline.store.calls.tables import Call, Receipt
from hotline.unit_of_work import UnitOfWork


@dataclass(slots=True)
class CallStep:
    """The changed columns of the call that was read as `seen`, and at most one event. The exits in `path` are appended."""

    seen: CallView
    changes: dict[str, Any] = field(default_factory=dict)
    event: Event | None = None

    def write(self, work: UnitOfWork, receipt: Mapping[str, Any] | None) -> bool:
        """Writes the step and the webhook's receipt as the only write of `work`; returns whether they were written.

        They are not if the call has changed since it was read, or if the receipt's key is taken.
        """
        # Every step of a caller changes the position, so that two webhooks that have read the same cannot both write.
        seen = {"id": self.seen.id, "state": self.seen.state, "position": self.seen.position}
        kept = None if receipt is None else (Receipt, receipt)
        return work.update_and_record(Call, seen, self.changes, recorded=self.event, receipt=kept)
