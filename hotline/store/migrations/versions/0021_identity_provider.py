"""Links of accounts to the identity provider, and the session at the provider to which a browser session belongs."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sign_ins", sa.Column("provider_session", sa.String(64), nullable=True))
    op.create_index("ix_sign_ins_provider_session", "sign_ins", ["provider_session"])
    op.create_table(
        "provider_links",
        sa.Column("issuer", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(("user_id",), ("users.id",), name="fk_provider_links_user_id"),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_provider_links"),
    )
    op.create_index("ix_provider_links_user_id", "provider_links", ["user_id"])


def downgrade() -> None:
    op.drop_table("provider_links")
    op.drop_index("ix_sign_ins_provider_session", "sign_ins")
    op.execute("ALTER TABLE sign_ins DROP COLUMN provider_session")
