"""Lists of deliveries, the reasons for which some were discarded, and the figures of each lane."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from hotline.rules.enums import DeliveryState
from hotline.store.cursors import Page, id_cursor, make_page, parse_id_cursor
from hotline.store.outbox import Delivery, EventRow
from hotline.store.tickets.tables import Ticket


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """A delivery, its event's moment and subject (`ticket`, `call`, …), and the ticket's number if the subject is one."""

    delivery: Delivery
    at: datetime
    subject: str
    subject_id: int
    ticket_number: str | None


@dataclass(frozen=True, slots=True)
class LaneFigures:
    """The deliveries of one lane that are not over: `due` for the first time, `failing`, `dead`.

    `oldest_at`: the moment of the oldest event whose delivery is due or failing.
    """

    lane: str
    due: int
    failing: int
    dead: int
    oldest_at: datetime | None

    def oldest_seconds(self, at: datetime) -> int | None:
        """Returns the age of the oldest in whole seconds; None if nothing waits."""
        return None if self.oldest_at is None else max(int((at - self.oldest_at).total_seconds()), 0)


_OPEN = Delivery.state.in_((DeliveryState.DUE, DeliveryState.CLAIMED))
_HAS_FAILED = and_(Delivery.last_error.is_not(None), Delivery.attempts > 0)
_FAILING = and_(_OPEN, _HAS_FAILED)

# The data of the event is not read: it may name a caller.
_LINES = (
    select(Delivery, EventRow.at, EventRow.subject, EventRow.subject_id, Ticket.number)
    .join(EventRow, EventRow.id == Delivery.event_id)
    .outerjoin(Ticket, and_(EventRow.subject == "ticket", Ticket.id == EventRow.subject_id))
)


def find_delivery_line(session: Session, delivery_id: int) -> DeliveryLine | None:
    row = session.execute(_LINES.where(Delivery.id == delivery_id)).one_or_none()
    return None if row is None else DeliveryLine(*row)


def list_deliveries(
    session: Session,
    states: Sequence[DeliveryState],
    *,
    limit: int,
    failing: bool = False,
    cursor: str = "",
) -> Page[DeliveryLine]:
    """Returns deliveries in one of `states`, the newest first. Raises BadCursor.

    `failing` adds those that have failed at least once and are tried again. Without either: all deliveries.
    """
    wanted: list[ColumnElement[bool]] = [Delivery.state.in_(states)] if states else []
    if failing:
        wanted.append(_FAILING)
    conditions: list[ColumnElement[bool]] = [or_(*wanted)] if wanted else []
    if cursor:
        conditions.append(Delivery.id < parse_id_cursor(cursor))
    query = _LINES.where(*conditions).order_by(Delivery.id.desc()).limit(limit + 1)
    lines = [DeliveryLine(*row) for row in session.execute(query)]
    return make_page(lines, limit, lambda line: id_cursor(line.delivery.id))


def lane_figures(session: Session, lanes: Iterable[str]) -> tuple[LaneFigures, ...]:
    """Returns the figures of `lanes`, and of every other lane that has deliveries which are not over."""
    # A delivery that a person made due again has its tries before it.
    failing = case((_HAS_FAILED, 1), else_=0)
    open_ones = (
        select(Delivery.lane, failing, func.count(), func.min(EventRow.at))
        .join(EventRow, EventRow.id == Delivery.event_id)
        .where(_OPEN)
        .group_by(Delivery.lane, failing)
    )
    counts = {(lane, bool(has)): (count, at) for lane, has, count, at in session.execute(open_ones)}
    dead = dict(_dead_by_lane(session))
    known = dict.fromkeys([*lanes, *sorted({lane for lane, _ in counts} | dead.keys())])
    return tuple(_figures_of(lane, counts, dead.get(lane, 0)) for lane in known)


def count_dead(session: Session) -> int:
    """Returns the number of deliveries that were given up and wait for a person's decision."""
    return sum(count for _, count in _dead_by_lane(session))


def dead_ids(session: Session, lane: str, limit: int) -> list[int]:
    """Returns the ids of the dead deliveries of a lane, the oldest first."""
    query = select(Delivery.id).where(Delivery.state == DeliveryState.DEAD, Delivery.lane == lane)
    return list(session.scalars(query.order_by(Delivery.id).limit(limit)))


def discard_reasons(session: Session, delivery_ids: Sequence[int]) -> dict[int, str]:
    """Returns the reasons for which deliveries were discarded, by delivery id."""
    found = select(EventRow.subject_id, EventRow.data).where(
        EventRow.subject == "delivery",
        EventRow.subject_id.in_(delivery_ids),
        EventRow.kind == "DeliveryDiscarded",
    )
    return {delivery_id: str(data.get("reason", "")) for delivery_id, data in session.execute(found)}


def _dead_by_lane(session: Session) -> list[tuple[str, int]]:
    query = select(Delivery.lane, func.count()).where(Delivery.state == DeliveryState.DEAD)
    return [(lane, count) for lane, count in session.execute(query.group_by(Delivery.lane))]


def _figures_of(
    lane: str, counts: dict[tuple[str, bool], tuple[int, datetime | None]], dead: int
) -> LaneFigures:
    none: tuple[int, datetime | None] = (0, None)
    (due, due_at), (failing, failing_at) = (
        counts.get((lane, is_failing), none) for is_failing in (False, True)
    )
    oldest = min((at for at in (due_at, failing_at) if at is not None), default=None)
    return LaneFigures(lane, due, failing, dead, oldest)
