"""The secret with which notifications to a unit's own system are signed. It is written here and shown nowhere."""

from sqlalchemy import update

from hotline.rules.errors import NotAllowed, UnknownUnit
from hotline.store.people.tables import Unit
from hotline.unit_of_work import UnitOfWork

# Characters; the upper limit is that of the column.
MIN_SECRET, MAX_SECRET = 16, 120


def set_webhook_secret(work: UnitOfWork, code: str, secret: str | None) -> str | None:
    """Sets the secret of the unit `code`, or removes it (None). Returns the address of the unit's system, if it has one.

    Raises UnknownUnit, and NotAllowed for a secret that is too short, too long, or not of printable ASCII without blanks.
    """
    if secret is not None and not _is_usable(secret):
        # The message does not repeat the secret.
        raise NotAllowed(
            f"a secret has {MIN_SECRET} to {MAX_SECRET} printable ASCII characters without blanks"
        )
    unit = work.session.get(Unit, code)
    if unit is None:
        raise UnknownUnit(code)
    work.session.execute(update(Unit).where(Unit.code == code).values(webhook_secret=secret))
    return unit.webhook_url


def _is_usable(secret: str) -> bool:
    return MIN_SECRET <= len(secret) <= MAX_SECRET and all("!" <= sign <= "~" for sign in secret)
