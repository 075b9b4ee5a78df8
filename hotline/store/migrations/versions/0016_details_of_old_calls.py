"""The details of old calls are deleted; an index of the calls that still have them leads to the oldest ones."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

DETAILED = "ended_at IS NOT NULL AND details_deleted_at IS NULL"


def upgrade() -> None:
    # Not in a batch: SQLite would copy the table and drop the old one, to which other tables refer.
    op.add_column("calls", sa.Column("details_deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_calls_detailed",
        "calls",
        ["arrived_on", "id"],
        sqlite_where=sa.text(DETAILED),
        postgresql_where=sa.text(DETAILED),
    )


def downgrade() -> None:
    op.drop_index("ix_calls_detailed", "calls")
    op.drop_column("calls", "details_deleted_at")
