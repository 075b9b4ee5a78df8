"""The deadlines of tickets, from the policy in force and the city's calendar of working days."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from hotline.rules.enums import RequestType, Urgency
from hotline.rules.policies import DeadlinePolicy, DeadlineStage
from hotline.rules.tickets.deadlines import HORIZON_DAYS, Deadline, deadline
from hotline.store.calendar import working_days
from hotline.store.tickets.tables import Ticket
from hotline.unit_of_work import UnitOfWork

_COLUMNS = {
    DeadlineStage.ACKNOWLEDGE: "acknowledge_due",
    DeadlineStage.CONTACT: "contact_due",
    DeadlineStage.RESOLVE: "due_at",
}


def for_hand_off(work: UnitOfWork, kind: RequestType | None, urgency: Urgency) -> dict[str, object]:
    """Returns the columns of a ticket handed off now: due moments, name of the policy, and whether a day was provisional."""
    counted = _deadlines(work, work.policies.deadlines, kind, urgency, work.at)
    return {
        **columns_of(counted),
        "policy": work.policies.deadlines.name,
        "policy_version": work.policies.version,
        "due_computed": False,
    }


def columns_of(counted: Mapping[DeadlineStage, Deadline]) -> dict[str, object]:
    """Returns the columns of a ticket that hold these deadlines."""
    values: dict[str, object] = {_COLUMNS[stage]: due.due_at for stage, due in counted.items()}
    return {**values, "due_provisional": counted[DeadlineStage.RESOLVE].provisional}


def for_import(
    work: UnitOfWork, kind: RequestType, urgency: Urgency, received_at: datetime, known: Mapping[date, bool]
) -> dict[str, object]:
    """Returns the columns of an imported open ticket whose file gives no due moment: it is counted from the reception.

    `known` are the days that `known_days` returns for its day of reception.
    """
    policy = work.policies.deadlines
    due = deadline(received_at, policy.limit(DeadlineStage.RESOLVE, kind, urgency), known, work.zone)
    return {
        "due_at": due.due_at,
        "due_provisional": due.provisional,
        "due_computed": True,
        "policy": policy.name,
        "policy_version": work.policies.version,
    }


def known_days(work: UnitOfWork, first: date, last: date) -> dict[date, bool]:
    """Returns the days that deadlines begun on the days `first`..`last` are counted over, as far as they are known."""
    return working_days(work.session, first, last + timedelta(days=HORIZON_DAYS))


def explain(work: UnitOfWork, ticket: Ticket) -> dict[DeadlineStage, Deadline]:
    """Returns each deadline with the days that were counted; empty for a ticket without a deadline of ours."""
    policy = policy_of(work, ticket)
    if ticket.due_computed:
        return _deadlines(work, policy, ticket.type, ticket.urgency, ticket.received_at)
    # Without a policy the ticket was imported, and another system counted its deadline.
    if ticket.dispatched_at is None or not ticket.policy:
        return {}
    return _deadlines(work, policy, ticket.type, ticket.urgency, ticket.dispatched_at)


def policy_of(work: UnitOfWork, ticket: Ticket) -> DeadlinePolicy:
    """Returns the limits under which the deadlines of the ticket were counted, whatever has been published since."""
    counted_at = ticket.received_at if ticket.due_computed else ticket.dispatched_at
    if not ticket.policy_version or counted_at is None:
        return work.policies.deadlines
    day = counted_at.astimezone(work.zone).date()
    kept = work.city.policies_of(work.session, ticket.policy_version, day)
    return (kept or work.policies).deadlines


def _deadlines(
    work: UnitOfWork, policy: DeadlinePolicy, kind: RequestType | None, urgency: Urgency, start: datetime
) -> dict[DeadlineStage, Deadline]:
    day0 = start.astimezone(work.zone).date()
    known = work.cache.get(("working_days", day0), work.at, lambda: known_days(work, day0, day0)) or {}
    kind = kind or RequestType.OTHER
    return {
        stage: deadline(start, policy.limit(stage, kind, urgency), known, work.zone)
        for stage in DeadlineStage
    }
