"""Drop the index of tickets by unit, state and due moment: the partial indexes of open tickets serve its queries."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NAME = "ix_tickets_unit_code_state_due_at"


def upgrade() -> None:
    op.drop_index(NAME, table_name="tickets")


def downgrade() -> None:
    op.create_index(NAME, "tickets", ["unit_code", "state", "due_at"])
