"""Accounts: duties, locks, links with which people choose passwords, limits of tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def _columns() -> tuple[tuple[str, sa.Column[object]], ...]:
    return (
        ("users", sa.Column("contractor", sa.Boolean(), server_default=sa.false(), nullable=False)),
        ("users", sa.Column("duties", sa.String(40), server_default=sa.text("''"), nullable=False)),
        ("users", sa.Column("must_change_password", sa.Boolean(), server_default=sa.false(), nullable=False)),
        ("users", sa.Column("password_changed_at", _MOMENT, nullable=True)),
        ("users", sa.Column("failed_log_ins", sa.Integer(), server_default=sa.text("0"), nullable=False)),
        ("users", sa.Column("locked_until", _MOMENT, nullable=True)),
        ("users", sa.Column("last_log_in_at", _MOMENT, nullable=True)),
        ("users", sa.Column("successor_id", sa.Integer(), nullable=True)),
        ("sign_ins", sa.Column("client", sa.String(80), server_default=sa.text("''"), nullable=False)),
        ("api_tokens", sa.Column("read_only", sa.Boolean(), server_default=sa.false(), nullable=False)),
        ("api_tokens", sa.Column("expires_at", _MOMENT, nullable=True)),
        ("api_tokens", sa.Column("last_used_at", _MOMENT, nullable=True)),
    )


def upgrade() -> None:
    for table, column in _columns():
        op.add_column(table, column)
    # The rules for the age of a password count from the upgrade.
    op.execute(sa.text("UPDATE users SET password_changed_at = CURRENT_TIMESTAMP"))
    op.create_table(
        "account_links",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(("user_id",), ("users.id",), name="fk_account_links_user_id"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_account_links"),
    )
    op.create_index("ix_account_links_user_id", "account_links", ["user_id"])


def downgrade() -> None:
    op.drop_table("account_links")
    # Not in batch mode: other tables refer to `users`, so SQLite cannot make it anew.
    for table, column in reversed(_columns()):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column.name}")
