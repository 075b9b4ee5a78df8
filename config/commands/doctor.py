import click
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from sqlalchemy.exc import SQLAlchemyError

from config.commands.context import open_components
from config.readiness import CLOCK_KEYS, CLOCK_LEASE, database_trouble, redis_trouble, storage_trouble
from config.wiring import Components
from hotline.reactions.registry import LANES
from hotline.rules.failures import failure_reason
from hotline.services import leases
from hotline.services.periodic_jobs import HEAVY
from hotline.store.calls.escalation_lists import count_open
from hotline.store.deliveries import count_dead


@click.command()
def doctor() -> None:
    """Looks at every component of the running line; exit status 1 if one is missing.

    A scheduler that hangs and a lane without a worker are found here: nothing else would report them.
    """
    components = open_components()
    database = database_trouble(components.application.engine)
    redis = redis_trouble(components.redis)
    sounds = storage_trouble(components.application.sounds)
    findings = {"database": database, "redis": redis, "sounds": sounds}
    if database is None and redis is None:
        findings |= _clock(components) | _workers(components.redis)
    for name, trouble in findings.items():
        click.echo(f"{'ok ' if trouble is None else 'BAD'}  {name}{f': {trouble}' if trouble else ''}")
    if database is None:
        for warning in _left_to_people(components):
            click.echo(f"!!   {warning}")
    raise SystemExit(1 if any(findings.values()) else 0)


def _left_to_people(components: Components) -> list[str]:
    """Returns what waits for a person's decision. It is no missing component, so the exit status stays 0."""
    with components.application.read_session() as session:
        dead, untaken = count_dead(session), count_open(session)
    found = [f"{dead} deliveries are dead: hotline deliveries list"] if dead else []
    return found + ([f"{untaken} escalations are not taken: /console/escalations"] if untaken else [])


def _clock(components: Components) -> dict[str, str | None]:
    """Finds the scheduler that acts, by its lease, and those that are alive, by their keys."""
    try:
        with components.application.read_session() as session:
            acting = leases.current_holder(session, CLOCK_LEASE, components.application.clock())
        alive = list(components.redis.scan_iter(CLOCK_KEYS + "*"))
    except (SQLAlchemyError, RedisError) as error:
        return {"clock": failure_reason(error)}
    if acting is None:
        return {"clock": "no scheduler acts; start the process clock"}
    return {f"clock: {acting} acts, {len(alive)} alive": None}


def _workers(redis: Redis) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for lane in (*LANES, HEAVY):
        try:
            count = len(Worker.all(queue=Queue(lane, connection=redis)))
        except RedisError as error:
            found[f"worker {lane}"] = failure_reason(error)
            continue
        found[f"worker {lane}: {count}" if count else f"worker {lane}"] = None if count else "none runs"
    return found
