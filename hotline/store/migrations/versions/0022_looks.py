"""Looks belong to a ticket, whatever they show of it."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_OF_TICKET = "UPDATE disclosures SET ticket_id = subject_id WHERE subject = 'ticket'"
_OF_CALL = """UPDATE disclosures SET ticket_id = (
    SELECT min(tickets.id) FROM tickets WHERE tickets.call_id = disclosures.subject_id
) WHERE subject = 'call' AND subject_id > 0"""
_OF_RECORDING = """UPDATE disclosures SET ticket_id = (
    SELECT min(tickets.id) FROM tickets JOIN recordings ON recordings.call_id = tickets.call_id
    WHERE recordings.id = disclosures.subject_id
) WHERE subject = 'recording'"""


def upgrade() -> None:
    op.add_column("disclosures", sa.Column("ticket_id", sa.Integer(), nullable=True))
    for statement in (_OF_TICKET, _OF_CALL, _OF_RECORDING):
        op.execute(sa.text(statement))
    op.create_index("ix_disclosures_ticket_id_user_id", "disclosures", ["ticket_id", "user_id"])
    op.create_index("ix_disclosures_at", "disclosures", ["at"])


def downgrade() -> None:
    op.drop_index("ix_disclosures_at", table_name="disclosures")
    op.drop_index("ix_disclosures_ticket_id_user_id", table_name="disclosures")
    op.execute("ALTER TABLE disclosures DROP COLUMN ticket_id")
