"""Measures the lane of calls: rings, connections and releases a second, and how soon after its commit a ring starts.

A ring starts when the carrier is asked for it. Scheduler and worker are processes of their own; the carrier answers at once. The floor is RQ's worker that does not fork
with no-op jobs, in the same run and on the same Redis.
"""

import sys
from dataclasses import replace
from statistics import median

from sqlalchemy import update

from hotline import events
from hotline.reactions.registry import CALLS
from hotline.rules.enums import CallEnd, CallState, OfferState
from hotline.rules.people.actors import Machine
from hotline.store.calls.tables import Call, Offer
from tests.benchmarks.bench_handoffs import databases
from tests.benchmarks.lane_worker import RINGS
from tests.benchmarks.lanes import Lane, p95, running_lane, ticks
from tests.benchmarks.results import compare, measure, report
from tests.builders import make_call, make_user

ROUNDS, CALLS_AT_ONCE, NOOPS = 3, 80, 600
PER_SECOND, STARTS = 10, 60
# Steps of the carrier that one answered call takes: ring, connect, release.
STEPS = 3


def make_offers(lane: Lane, operator_id: int, state: OfferState, count: int) -> list[Offer]:
    """Writes calls with one offer each; one that was accepted has the operator's leg and a caller to be connected."""
    is_accepted = state is OfferState.ACCEPTED
    call_state = CallState.CONNECTING if is_accepted else CallState.OFFERED
    calls = [
        make_call(lane.application, state=call_state, operator_id=operator_id if is_accepted else None)
        for _ in range(count)
    ]
    with lane.application.unit_of_work(Machine.SYSTEM) as work:
        offers = [
            Offer(
                call_id=call.id,
                operator_id=operator_id,
                state=state,
                offered_at=work.at,
                settled_at=work.at if is_accepted else None,
                leg_sid=f"leg-{call.id}" if is_accepted else None,
            )
            for call in calls
        ]
        work.session.add_all(offers)
    return offers


def put_away(lane: Lane) -> None:
    """Ends all calls, so that the scheduler's jobs have nothing to do with them."""
    with lane.application.unit_of_work(Machine.SYSTEM) as work:
        pending = update(Offer).where(Offer.state == OfferState.PENDING)
        work.session.execute(pending.values(state=OfferState.WITHDRAWN, settled_at=work.at))
        ended = {"state": CallState.ENDED, "end": CallEnd.COMPLETED, "ended_at": work.at}
        work.session.execute(update(Call).where(Call.state != CallState.ENDED).values(ended))


def step_rate(lane: Lane, operator_id: int) -> float:
    """Returns the steps a second of a burst of calls."""
    rings = make_offers(lane, operator_id, OfferState.PENDING, CALLS_AT_ONCE)
    talks = make_offers(lane, operator_id, OfferState.ACCEPTED, CALLS_AT_ONCE)

    def commit() -> None:
        with lane.application.unit_of_work(Machine.SYSTEM) as work:
            for ring, talk in zip(rings, talks, strict=True):
                work.record(events.CallOffered(ring.call_id, ring.id, operator_id))
                work.record(events.CallAccepted(talk.call_id, talk.id, operator_id))
                work.record(events.CallEnded(talk.call_id, CallEnd.COMPLETED))

    rate = lane.rate(STEPS * CALLS_AT_ONCE, commit)
    put_away(lane)
    return rate


def ring_starts(lane: Lane, operator_id: int) -> list[float]:
    """Returns the milliseconds from the commit of each offer to the moment at which the carrier is asked to ring."""
    offers = make_offers(lane, operator_id, OfferState.PENDING, STARTS)
    commits = {}
    for number in ticks(STARTS, 1 / PER_SECOND):
        offer = offers[number]
        with lane.application.unit_of_work(Machine.SYSTEM) as work:
            work.record(events.CallOffered(offer.call_id, offer.id, operator_id))
        commits[offer.id] = lane.commits[-1].timestamp()
    lane.wait_until_done()
    put_away(lane)
    asked = dict(ring.decode().split() for ring in lane.redis.lrange(RINGS, 0, -1))
    return [1000 * (float(asked[str(offer_id)]) - commit) for offer_id, commit in commits.items()]


def bench(database: str, url: str) -> bool:
    with running_lane(CALLS, url) as lane:
        operator_id = make_user(lane.application).id
        step_rate(lane, operator_id)
        lane.noop_rate(20)
        floors, ours, floor_p95, ours_p50, ours_p95 = [], [], [], [], []
        for _ in range(ROUNDS):
            floors.append(lane.noop_rate(NOOPS))
            ours.append(step_rate(lane, operator_id))
            floor_p95.append(p95(lane.noop_starts(STARTS, 1 / PER_SECOND)))
            times = ring_starts(lane, operator_id)
            ours_p50.append(median(times))
            ours_p95.append(p95(times))
    at = f"at {PER_SECOND}/s"
    lines = [
        compare("ring, connect, release (floor: RQ no-op jobs)", database, "per s", floors, ours),
        measure(f"ring: commit to start, p50, {at}", database, "ms", ours_p50),
        replace(
            measure(f"ring: commit to start, p95, {at}", database, "ms", ours_p95, at_most=20),
            floor=median(floor_p95),
        ),
    ]
    met = [report(line) for line in lines]
    return all(met)


def main() -> int:
    with databases() as each:
        met = [bench(name, url) for name, url in each]
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
