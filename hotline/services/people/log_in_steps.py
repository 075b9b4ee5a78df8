"""Steps of a log-in that is not complete: each has a secret token, ends once, and ends by itself after some minutes."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from hotline.rules.enums import LogInStepKind
from hotline.services.people.passwords import digest
from hotline.store.people.factors import LogInStep
from hotline.store.upsert import insert_key_if_absent, updated_one
from hotline.unit_of_work import UnitOfWork

LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Step:
    """A step that is awaited, with the user if one is known and what its beginning has left for its end."""

    user_id: int | None
    data: dict[str, Any]


def begin_step(
    work: UnitOfWork, kind: LogInStepKind, data: dict[str, Any], *, user_id: int | None = None
) -> str:
    """Returns the token of a new step."""
    token = secrets.token_urlsafe(32)
    row = LogInStep(
        token_hash=digest(token),
        kind=kind,
        user_id=user_id,
        data=data,
        tries=0,
        expires_at=work.at + LIFETIME,
    )
    work.session.add(row)
    return token


def use_once(work: UnitOfWork, kind: LogInStepKind, token: str) -> bool:
    """Uses up a token that was made elsewhere; returns False if it was used before. It is remembered for two days."""
    row: dict[str, Any] = {
        "token_hash": digest(f"{kind.value} {token}"),
        "kind": kind,
        "user_id": None,
        "data": {},
        "tries": 0,
        "expires_at": work.at + LIFETIME,
        "ended_at": work.at,
    }
    return insert_key_if_absent(work.connection, LogInStep, row)


def find_step(work: UnitOfWork, kind: LogInStepKind, token: str) -> Step | None:
    """Returns the step that is awaited now; None for an unknown token, and for a step that is over."""
    query = select(LogInStep).where(
        LogInStep.token_hash == digest(token),
        LogInStep.kind == kind,
        LogInStep.ended_at.is_(None),
        LogInStep.expires_at > work.at,
    )
    row = work.session.scalar(query)
    return None if row is None else Step(row.user_id, dict(row.data))


def count_try(work: UnitOfWork, token: str, most: int) -> bool:
    """Counts a try of the step; returns False if it is over or had `most` tries. Commit before the try is judged."""
    left = update(LogInStep).where(
        LogInStep.token_hash == digest(token),
        LogInStep.ended_at.is_(None),
        LogInStep.expires_at > work.at,
        LogInStep.tries < most,
    )
    return updated_one(work.session, left.values(tries=LogInStep.tries + 1))


def end_step(work: UnitOfWork, kind: LogInStepKind, token: str) -> Step | None:
    """Ends the step and returns it; None if it is over. Of two at once one alone gets it."""
    found = find_step(work, kind, token)
    awaited = update(LogInStep).where(LogInStep.token_hash == digest(token), LogInStep.ended_at.is_(None))
    return (
        found if found is not None and updated_one(work.session, awaited.values(ended_at=work.at)) else None
    )
