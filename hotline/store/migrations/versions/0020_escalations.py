"""Escalations: failures that wait for a shift leader."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "escalations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("operator_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("taken_at", _MOMENT, nullable=True),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("note", sa.String(500), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_escalations"),
        sa.UniqueConstraint("kind", "subject_id", name="uq_escalations_kind_subject_id"),
    )
    unfinished = sa.text("state IN ('open', 'taken')")
    op.create_index(
        "ix_escalations_unfinished",
        "escalations",
        ["id"],
        sqlite_where=unfinished,
        postgresql_where=unfinished,
    )
    op.create_index("ix_escalations_state_id", "escalations", ["state", "id"])


def downgrade() -> None:
    # A delivery that a person discarded is dead to the version before.
    op.execute(sa.text("UPDATE deliveries SET state = 'dead', done_at = NULL WHERE state = 'discarded'"))
    op.drop_table("escalations")
