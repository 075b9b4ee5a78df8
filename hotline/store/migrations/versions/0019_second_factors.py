"""Second factors, steps of log-ins, and when a browser last proved who uses it."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("sign_ins", sa.Column("authenticated_at", _MOMENT, nullable=True))
    op.add_column(
        "sign_ins", sa.Column("needs_factor", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_table(
        "totp_factors",
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("secret", sa.String(255), nullable=False),
        sa.Column("last_interval", sa.Integer(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(("user_id",), ("users.id",), name="fk_totp_factors_user_id"),
        sa.PrimaryKeyConstraint("user_id", name="pk_totp_factors"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("used_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(("user_id",), ("users.id",), name="fk_recovery_codes_user_id"),
        sa.PrimaryKeyConstraint("code_hash", name="pk_recovery_codes"),
    )
    op.create_index("ix_recovery_codes_user_id", "recovery_codes", ["user_id"])
    op.create_table(
        "log_in_steps",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(("user_id",), ("users.id",), name="fk_log_in_steps_user_id"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_log_in_steps"),
    )
    op.create_index("ix_log_in_steps_expires_at", "log_in_steps", ["expires_at"])


def downgrade() -> None:
    op.drop_table("log_in_steps")
    op.drop_table("recovery_codes")
    op.drop_table("totp_factors")
    op.execute("ALTER TABLE sign_ins DROP COLUMN needs_factor")
    op.execute("ALTER TABLE sign_ins DROP COLUMN authenticated_at")
