"""The round before is part of the index of open tickets, from which reports count open rounds."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

NAME, COLUMNS = "ix_tickets_unfinished", ["unit_code", "state", "due_at", "received_on", "external_number"]


def upgrade() -> None:
    rebuild([*COLUMNS, "redo_of"])


def downgrade() -> None:
    rebuild(COLUMNS)


def rebuild(columns: list[str]) -> None:
    # Without batch mode, which would lose the triggers of the search on SQLite.
    op.drop_index(NAME, table_name="tickets")
    open_ones = sa.text("state NOT IN ('closed', 'discarded')")
    op.create_index(NAME, "tickets", columns, sqlite_where=open_ones, postgresql_where=open_ones)
