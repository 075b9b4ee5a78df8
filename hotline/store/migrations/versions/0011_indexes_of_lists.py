"""Indexes in the order of every list, so that no list grows slower with what is closed."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

UNFINISHED = "state NOT IN ('closed', 'discarded')"
AT_UNIT = "state NOT IN ('closed', 'discarded', 'draft')"
# The names of `least` and of the last day on each database.
WORDS = {
    "sqlite": ("min", "'9999-12-01 00:00:00.000000'"),
    "postgresql": ("least", "TIMESTAMPTZ '9999-12-01 00:00:00+00'"),
}
CLOCKS = (
    ("acknowledge_due", "acknowledged_at"),
    ("contact_due", "first_contact_at"),
    ("due_at", "closed_at"),
)
PLAIN = (
    ("tickets", "ix_tickets_unit_code_received_at", "unit_code, received_at, id", None),
    ("tickets", "ix_tickets_channel_received_at", "channel, received_at, id", None),
    ("tickets", "ix_tickets_type_received_at", "type, received_at, id", None),
    ("tickets", "ix_tickets_author_id_received_at", "author_id, received_at, id", None),
    ("tickets", "ix_tickets_unfinished_received_at", "received_at, id", UNFINISHED),
    ("tickets", "ix_tickets_closed_unit_closed_at", "unit_code, closed_at, id", "state = 'closed'"),
    ("calls", "ix_calls_arrived_on_id", "arrived_on, id", None),
    ("calls", "ix_calls_end_id", '"end", id', '"end" IS NOT NULL'),
    ("calls", "ix_calls_operator_id_id", "operator_id, id", "operator_id IS NOT NULL"),
    ("calls", "ix_calls_placed_by_us", "id", "purpose <> 'inbound'"),
    (
        "calls",
        "ix_calls_unrecorded",
        "operator_id, id",
        "operator_id IS NOT NULL AND finished_at IS NULL",
    ),
    ("offers", "ix_offers_pending", "operator_id, offered_at", "state = 'pending'"),
    ("offers", "ix_offers_lost", "operator_id", "state = 'lost'"),
    ("callbacks", "ix_callbacks_state_id", "state, id", None),
    ("callbacks", "ix_callbacks_reason_id", "reason, id", None),
)


def _indexes() -> list[tuple[str, str, str, str | None]]:
    earliest, last_day = WORDS[op.get_bind().dialect.name]
    clocks = (f"coalesce(CASE WHEN ({met} IS NULL) THEN {due} END, {last_day})" for due, met in CLOCKS)
    nearest = f"{earliest}({', '.join(clocks)})"
    return [
        *PLAIN,
        ("tickets", "ix_tickets_at_unit_nearest_due", f"{nearest}, id", AT_UNIT),
        ("tickets", "ix_tickets_at_unit_unit_nearest_due", f"unit_code, {nearest}, id", AT_UNIT),
    ]


def upgrade() -> None:
    for table, name, columns, where in _indexes():
        op.execute(f"CREATE INDEX {name} ON {table} ({columns}){f' WHERE {where}' if where else ''}")


def downgrade() -> None:
    for _table, name, _columns, _where in _indexes():
        op.execute(f"DROP INDEX {name}")
