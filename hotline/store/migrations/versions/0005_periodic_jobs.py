"""The last run and the result of each periodic job."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "periodic_jobs",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("schedule", sa.String(40), nullable=False),
        sa.Column("lane", sa.String(16), nullable=True),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("enqueued_at", moment, nullable=True),
        sa.Column("claimed_until", moment, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("started_at", moment, nullable=True),
        sa.Column("finished_at", moment, nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(80), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_periodic_jobs"),
    )


def downgrade() -> None:
    op.drop_table("periodic_jobs")
