"""The columns that the search of tickets reads."""

import sqlalchemy as sa
from alembic import op

from hotline.rules.tickets.search import search_columns

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ROWS_AT_A_TIME = 1_000
SOURCES = ("title", "text", "place", "external_number", "caller_name")


def upgrade() -> None:
    for name in ("search_text", "search_private"):
        op.add_column("tickets", sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''")))
    tickets = sa.table(
        "tickets", sa.column("id"), *(sa.column(name) for name in (*SOURCES, "search_text", "search_private"))
    )
    connection, last = op.get_bind(), 0
    sources = sa.select(tickets.c.id, *(tickets.c[name] for name in SOURCES)).order_by(tickets.c.id)
    change = sa.update(tickets).where(tickets.c.id == sa.bindparam("key"))
    change = change.values(
        search_text=sa.bindparam("search_text"), search_private=sa.bindparam("search_private")
    )
    while rows := connection.execute(sources.where(tickets.c.id > last).limit(ROWS_AT_A_TIME)).all():
        connection.execute(change, [{"key": row.id, **search_columns(row._asdict())} for row in rows])
        last = rows[-1].id


def downgrade() -> None:
    for name in ("search_text", "search_private"):
        op.drop_column("tickets", name)
