"""The three deadlines of a hand-off, from the policy in force and the city's calendar of working days."""

from datetime import datetime, timedelta

from hotline.rules.enums import RequestType, Urgency
from hotline.rules.policies import DeadlineStage
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
    counted = _deadlines(work, kind, urgency, work.at)
    values: dict[str, object] = {_COLUMNS[stage]: due.due_at for stage, due in counted.items()}
    provisional = counted[DeadlineStage.RESOLVE].provisional
    return {**values, "policy": work.policies.deadlines.name, "due_provisional": provisional}


def explain(work: UnitOfWork, ticket: Ticket) -> dict[DeadlineStage, Deadline]:
    """Returns each deadline of a handed-off ticket with the days that were counted; empty for a ticket never handed off."""
    if ticket.dispatched_at is None:
        return {}
    return _deadlines(work, ticket.type, ticket.urgency, ticket.dispatched_at)


def _deadlines(
    work: UnitOfWork, kind: RequestType | None, urgency: Urgency, start: datetime
) -> dict[DeadlineStage, Deadline]:
    day0 = start.astimezone(work.zone).date()
    known = working_days(work.session, day0, day0 + timedelta(days=HORIZON_DAYS))
    policy = work.policies.deadlines
    kind = kind or RequestType.OTHER
    return {
        stage: deadline(start, policy.limit(stage, kind, urgency), known, work.zone)
        for stage in DeadlineStage
    }
