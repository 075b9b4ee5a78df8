"""What a person typed into a form that was not accepted."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_forms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("page", sa.String(80), nullable=False),
        sa.Column("address", sa.String(300), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(("user_id",), ("users.id",), name="fk_kept_forms_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_kept_forms"),
        sa.UniqueConstraint("user_id", "page", name="uq_kept_forms_user_id_page"),
    )
    op.create_index("ix_kept_forms_at", "kept_forms", ["at"])


def downgrade() -> None:
    op.drop_table("kept_forms")
