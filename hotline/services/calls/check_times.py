"""Sets when the carrier is asked about a call, in case the webhook that is due by then was lost."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, update

from hotline.rules.enums import CallState
from hotline.store.base import UtcDateTime
from hotline.store.calls.tables import Call
from hotline.unit_of_work import UnitOfWork

# A webhook may be this late: the carrier fetches sounds, and retries a webhook that failed.
GRACE = timedelta(seconds=10)
# The time is set so much later than it need be, so that a webhook that comes earlier than expected need not write it
# anew. A call whose webhooks are lost is then noticed within half a minute of the end of its document.
MARGIN = timedelta(seconds=20)
# A check so soon is early enough for every document: even a caller who joins the queue with an empty one listens to a
# round of waiting first. A call that arrives is checked then, because most greetings are shorter.
SOON = timedelta(seconds=40)
# Two people may talk for hours without a webhook; such a call is first checked after this time.
FIRST_CHECK_OF_TALK = timedelta(seconds=30)

_CALLS = Call.__table__
# Built once: every webhook of a caller runs this statement.
_SET = (
    update(Call)
    .where(_CALLS.c.sid == bindparam("key"), _CALLS.c.state != CallState.ENDED)
    .values(check_at=bindparam("moment", type_=UtcDateTime))
)


def first_check(at: datetime) -> datetime:
    """Returns when a call that arrives at `at` is checked, unless its first document is longer than usual."""
    return at + SOON


def is_check_due_in_time(at: datetime, known: datetime | None, seconds: float | None) -> bool:
    """Returns whether a call that is checked at `known` needs no other time for a document of `seconds` that begins at `at`."""
    if known is None or seconds is None:
        return False
    earliest = at + timedelta(seconds=seconds) + GRACE
    return earliest <= known <= max(earliest + MARGIN, at + SOON)


def check_time(at: datetime, seconds: float | None) -> datetime:
    """Returns when a call is checked whose document begins at `at`: GRACE and MARGIN after the `seconds` that it lasts at most.

    None: the document connects two people and ends when they do.
    """
    length = FIRST_CHECK_OF_TALK if seconds is None else timedelta(seconds=seconds) + MARGIN
    return at + length + GRACE


def expect_webhook(work: UnitOfWork, sid: str, seconds: float | None) -> None:
    """Sets when this call is checked, as `check_time` says. Changes nothing once the call is over."""
    work.connection.execute(_SET, {"key": sid, "moment": check_time(work.at, seconds)})
