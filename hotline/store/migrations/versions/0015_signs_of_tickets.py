"""The index of the search on SQLite, and the last letters of numbers in that of PostgreSQL."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

CREATE_FUNCTION = """
CREATE FUNCTION ticket_signs(texts text, number text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000 AS $$
DECLARE
    letters text[] := string_to_array(texts, NULL);
    signs text[] := '{}';
BEGIN
    FOR place IN 1..coalesce(cardinality(letters), 0) LOOP
        signs[place] := letters[place] || coalesce(letters[place + 1], '');
    END LOOP;
    FOR place IN 1..coalesce(length(number), 0)LAST LOOP
        signs := signs || lower(substr(number, place, 4));
    END LOOP;
    RETURN array_to_tsvector(signs);
END $$
"""
TEXTS = "search_text || E'\\n' || search_private"
PUNCTUATION = """!""#$%&''()*+,-./:;<=>?@[\\]^_`{|}~"""
CREATE_TABLE = f"""
CREATE VIRTUAL TABLE ticket_signs USING fts5(
    signs, content='', columnsize=0, detail=none, tokenize="ascii tokenchars '{PUNCTUATION}'"
)"""


def signs_of(row: str) -> str:
    texts = f"{row}.search_text || char(10) || {row}.search_private"
    pairs = " || ' ' || ".join(f"substr(letters, {place}, 2)" for place in range(1, 17))
    parts = " || ' ' || ".join(f"substr({row}.number, {place}, 4)" for place in range(1, 25))
    return f"""(
        WITH RECURSIVE chunks(start, letters) AS (
            SELECT 1, substr({texts}, 1, 17)
            UNION ALL SELECT start + 16, substr({texts}, start + 16, 17) FROM chunks WHERE length(letters) > 16
        ) SELECT group_concat({pairs}, ' ') FROM chunks
    ) || ' ' || coalesce({parts}, '')"""


ADD = f"INSERT INTO ticket_signs (rowid, signs) VALUES (new.id, {signs_of('new')})"
DELETE = f"INSERT INTO ticket_signs (ticket_signs, rowid, signs) VALUES ('delete', old.id, {signs_of('old')})"
IS_CHANGED = " OR ".join(
    f"old.{column} IS NOT new.{column}" for column in ("search_text", "search_private", "number")
)
TRIGGERS = {
    "ticket_signs_inserted": f"AFTER INSERT ON tickets BEGIN {ADD}; END",
    "ticket_signs_updated": "AFTER UPDATE OF search_text, search_private, number ON tickets"
    f" WHEN {IS_CHANGED} BEGIN {DELETE}; {ADD}; END",
    "ticket_signs_deleted": f"AFTER DELETE ON tickets BEGIN {DELETE}; END",
}


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        build_gin_index("")
        return
    connection.exec_driver_sql(CREATE_TABLE)
    add_all = f"INSERT INTO ticket_signs (rowid, signs) SELECT id, {signs_of('tickets')} FROM tickets"
    connection.exec_driver_sql(add_all)
    for name, trigger in TRIGGERS.items():
        connection.exec_driver_sql(f"CREATE TRIGGER {name} {trigger}")


def downgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        build_gin_index(" - 3")
        return
    for name in TRIGGERS:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    connection.exec_driver_sql("DROP TABLE ticket_signs")


def build_gin_index(last: str) -> None:
    op.execute("DROP INDEX ix_tickets_signs")
    op.execute("DROP FUNCTION ticket_signs(text, text)")
    op.execute(CREATE_FUNCTION.replace("LAST", last))
    op.execute(f"CREATE INDEX ix_tickets_signs ON tickets USING gin (ticket_signs({TEXTS}, number))")
