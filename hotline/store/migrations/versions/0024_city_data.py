"""Published versions of the city's data; successors of closed units; the version under which a ticket got its deadlines."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "city_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("replaces", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("restores", sa.Integer(), nullable=True),
        sa.Column("published_at", _MOMENT, nullable=False),
        sa.Column("published_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(("published_by",), ("users.id",), name="fk_city_versions_published_by"),
        sa.PrimaryKeyConstraint("id", name="pk_city_versions"),
        sa.UniqueConstraint("replaces", name="uq_city_versions_replaces"),
    )
    op.create_table(
        "city_texts",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(("version_id",), ("city_versions.id",), name="fk_city_texts_version_id"),
        sa.PrimaryKeyConstraint("version_id", "kind", name="pk_city_texts"),
    )
    op.create_table(
        "city_drafts",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("based_on", sa.Integer(), nullable=False),
        sa.Column("saved_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(("user_id",), ("users.id",), name="fk_city_drafts_user_id"),
        sa.PrimaryKeyConstraint("user_id", "kind", name="pk_city_drafts"),
    )
    op.add_column("units", sa.Column("successor", sa.String(32), nullable=True))
    op.add_column(
        "tickets", sa.Column("policy_version", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )


def downgrade() -> None:
    """Removes the versions: write the texts into a folder first (`hotline city export`)."""
    # Not in batch mode: other tables refer to these, so SQLite cannot make them anew.
    op.execute("ALTER TABLE tickets DROP COLUMN policy_version")
    op.execute("ALTER TABLE units DROP COLUMN successor")
    for table in ("city_drafts", "city_texts", "city_versions"):
        op.drop_table(table)
