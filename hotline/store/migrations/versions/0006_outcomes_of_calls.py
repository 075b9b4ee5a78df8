"""Waits in vain, talk times, and the facts from which a call's outcome follows."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

FACTS = ("queue_full", "callback_chosen", "status_asked")


def upgrade() -> None:
    # Not in a batch: SQLite would copy the table and drop the old one, to which other tables refer.
    op.add_column("calls", sa.Column("talk_seconds", sa.Integer(), nullable=True))
    for name in FACTS:
        op.add_column("calls", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    _fill()


def downgrade() -> None:
    # The version before reads every wait as that of an answered call.
    op.execute("update calls set wait_seconds = null where answered_at is null")
    for name in (*FACTS, "talk_seconds"):
        op.drop_column("calls", name)


def _fill() -> None:
    """Fills the new columns of the calls so far from what was recorded of them."""
    waited, talked = _seconds("queued_at", "ended_at"), _seconds("answered_at", "ended_at")
    op.execute(
        f"update calls set wait_seconds = {waited} where wait_seconds is null and answered_at is null"
        " and queued_at is not null and ended_at is not null"
    )
    # The operator's leaving was not kept; the end of the call is the nearest moment recorded.
    op.execute(
        f"update calls set talk_seconds = {talked} where answered_at is not null and ended_at is not null"
    )
    newline = "char(10)" if op.get_bind().dialect.name == "sqlite" else "chr(10)"
    took = "path like '%>' || '{}' || {} || '%'"
    op.execute(f"update calls set queue_full = true where {took.format('full', newline)}")
    op.execute("update calls set callback_chosen = true where \"end\" = 'left_for_callback'")
    ways = " or ".join(took.format(exit_, newline) for exit_ in ("found", "unknown", "locked"))
    op.execute(
        f"update calls set status_asked = true where ({ways})"
        " and not exists (select 1 from lookups where lookups.call_id = calls.id)"
    )


def _seconds(start: str, end: str) -> str:
    """Returns the SQL of the whole seconds between two columns, never negative."""
    if op.get_bind().dialect.name == "sqlite":
        return f"max(0, cast(strftime('%s', {end}) as integer) - cast(strftime('%s', {start}) as integer))"
    return f"greatest(0, cast(floor(extract(epoch from ({end} - {start}))) as integer))"
