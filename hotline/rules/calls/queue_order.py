"""One order of all who want an operator: callers who wait, and people who are owed a call.

Higher priority goes first, then the earlier place. A person who is owed a call is in the order only while they may be
phoned: the promise is due, the hour allows it, and they are not on the line with us. So a promise that waits for its
time holds up no caller, and an attempt without an answer leaves the order until its next time. Within the order nobody
is overtaken by a later place, and each attempt ends: neither side starves.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum


class Standing(IntEnum):
    """The standing of a person in the order. At the same place the caller on the line goes first."""

    # On the line, hears the wait document.
    WAITING = 0
    # Being phoned by us: a desk is kept for them until they answer or the attempt ends.
    DIALLED = 1
    # Owed a call that is due: may be phoned as soon as a desk is theirs.
    OWED = 2


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """A person in the line for a desk: waiting on the line, being phoned, or owed a call. `id` names the call if they are waiting, else the callback."""

    standing: Standing
    id: int
    priority: int
    place: datetime
    # The skill the operator must have; empty: any operator.
    skill: str = ""
    # The one operator this person asked for.
    desk_id: int | None = None
    # The operator whom this person talked with before the talk was lost: taken if ready, because they know the matter.
    preferred_id: int | None = None


@dataclass(frozen=True, slots=True)
class ReadyDesk:
    """A desk whose operator is ready, with the operator's skills."""

    id: int
    skills: frozenset[str] = frozenset()


def in_order(entries: Iterable[QueueEntry]) -> list[QueueEntry]:
    """Returns the entries in the order in which desks go to them."""
    return sorted(entries, key=lambda entry: (-entry.priority, entry.place, entry.standing, entry.id))


def assign_desks(entries: Iterable[QueueEntry], desks: Iterable[ReadyDesk]) -> list[tuple[QueueEntry, int]]:
    """Assigns the ready desks, given longest idle first; returns pairs of entry and desk in the order of the entries.

    A person whom no ready desk can serve does not hold up the people behind.
    """
    free, pairs = list(desks), []
    for entry in in_order(entries):
        fitting = [desk for desk in free if _serves(desk, entry)]
        known = (desk for desk in fitting if desk.id == entry.preferred_id)
        desk = next(known, fitting[0] if fitting else None)
        if desk is not None:
            free.remove(desk)
            pairs.append((entry, desk.id))
        if not free:
            break
    return pairs


def needed_skill(
    skill: str, since: datetime, at: datetime, patience: timedelta, on_duty: frozenset[str]
) -> str:
    """Returns the skill that an operator must have at `at` for a person who wants `skill` since `since`.

    Any operator will do if none on duty has the skill, or once `patience` is over.
    """
    return skill if skill in on_duty and at < since + patience else ""


def _serves(desk: ReadyDesk, entry: QueueEntry) -> bool:
    if entry.desk_id is not None:
        return desk.id == entry.desk_id
    return not entry.skill or entry.skill in desk.skills
