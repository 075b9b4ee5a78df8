"""Renames columns, tables, event kinds and one lane to the terms the code uses. Keeps all data."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COLUMNS = (("tickets", "klass", "request_class"), ("calls", "parted_at", "operator_left_at"))
KINDS = (
    ("NoticeAnnounced", "OutageAnnounced"),
    ("NoticeStopped", "OutageStopped"),
    ("CallDoubted", "CallCheckRequested"),
    ("DialDoubted", "DialCheckRequested"),
)
SUBJECTS = (("notice", "outage"), ("look", "disclosure"))
KEYS = (
    ("OutageAnnounced", "notice_id", "outage_id", ()),
    ("OutageStopped", "notice_id", "outage_id", ()),
    ("NumberShown", "look_id", "disclosure_id", ()),
    ("RecordingHeard", "look_id", "disclosure_id", ("recording_id",)),
)
"""Kind of event, its key before and after, and the keys beside it."""
REACTIONS = (("ask_after_call", "check_call"), ("ask_after_dial", "check_dial"))
LANES = (("notices", "notifications"),)


def upgrade() -> None:
    for table, old, new in COLUMNS:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
    _make_outages("outages")
    _copy("notices", "outages", "text_zh, text_en, starts_at, ends_at, stopped_at, author_id, created_at")
    _make_disclosures("disclosures")
    _copy("looks", "disclosures", "at, user_id, subject, subject_id, field, reason")
    _rename("events", "kind", KINDS)
    _rename("events", "subject", SUBJECTS)
    for kind, old, new, beside in KEYS:
        _rename_key(kind, old, new, beside)
    _rename("deliveries", "reaction", REACTIONS)
    _rename("deliveries", "lane", LANES)


def downgrade() -> None:
    _rename("deliveries", "lane", _back(LANES))
    _rename("deliveries", "reaction", _back(REACTIONS))
    for kind, old, new, beside in KEYS:
        _rename_key(kind, new, old, beside)
    _rename("events", "subject", _back(SUBJECTS))
    _rename("events", "kind", _back(KINDS))
    _make_disclosures("looks")
    _copy("disclosures", "looks", "at, user_id, subject, subject_id, field, reason")
    _make_outages("notices")
    _copy("outages", "notices", "text_zh, text_en, starts_at, ends_at, stopped_at, author_id, created_at")
    for table, old, new in COLUMNS:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {new} TO {old}")


def _back(pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((new, old) for old, new in pairs)


def _rename(table: str, column: str, pairs: tuple[tuple[str, str], ...]) -> None:
    for old, new in pairs:
        statement = sa.text(f"UPDATE {table} SET {column} = :new WHERE {column} = :old")
        op.execute(statement.bindparams(old=old, new=new))


def _rename_key(kind: str, old: str, new: str, beside: tuple[str, ...]) -> None:
    pairs = [(new, old), *((key, key) for key in beside)]
    if op.get_bind().dialect.name == "sqlite":
        written = ", ".join(f"'{key}', json_extract(data, '$.{source}')" for key, source in pairs)
        op.execute(f"UPDATE events SET data = json_object({written}) WHERE kind = '{kind}'")
    else:
        written = ", ".join(f"'{key}', (data->>'{source}')::int" for key, source in pairs)
        op.execute(f"UPDATE events SET data = json_build_object({written}) WHERE kind = '{kind}'")


def _copy(old: str, new: str, columns: str) -> None:
    op.execute(f"INSERT INTO {new} (id, {columns}) SELECT id, {columns} FROM {old}")
    op.drop_table(old)
    if op.get_bind().dialect.name == "postgresql":
        # The rows came with their ids, so the sequence of the new table has not moved.
        op.execute(
            f"SELECT setval(pg_get_serial_sequence('{new}', 'id'), COALESCE(MAX(id), 1), MAX(id) IS NOT NULL) FROM {new}"
        )


def _make_outages(name: str) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("text_zh", sa.String(length=300), nullable=False),
        sa.Column("text_en", sa.String(length=600), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f(f"fk_{name}_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(f"ix_{name}_ends_at", name, ["ends_at"])


def _make_disclosures(name: str) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=24), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f(f"fk_{name}_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(f"ix_{name}_subject_subject_id", name, ["subject", "subject_id"])
    op.create_index(f"ix_{name}_user_id", name, ["user_id"])
