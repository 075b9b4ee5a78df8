"""Moments at which the carrier is asked about a silent call or attempt, and of an operator's hang-up."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    for table, column in (("calls", "check_at"), ("dials", "check_at"), ("offers", "hung_up_at")):
        op.add_column(table, sa.Column(column, moment, nullable=True))
    # Calls and attempts under way are checked at once after the upgrade.
    op.execute("UPDATE calls SET check_at = arrived_at WHERE state <> 'ended'")
    op.execute("UPDATE dials SET check_at = planned_at WHERE state NOT IN ('planned', 'ended')")


def downgrade() -> None:
    # Not in batch mode: other tables refer to `calls`, so SQLite cannot make it anew.
    for table, column in (("calls", "check_at"), ("dials", "check_at"), ("offers", "hung_up_at")):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
