"""The index of the search on PostgreSQL; SQLite has none."""

from alembic import op

revision = "0012"
down_revision = "0011"
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
    FOR place IN 1..coalesce(length(number), 0) - 3 LOOP
        signs := signs || lower(substr(number, place, 4));
    END LOOP;
    RETURN array_to_tsvector(signs);
END $$
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(CREATE_FUNCTION)
        texts = "search_text || E'\\n' || search_private"
        op.execute(f"CREATE INDEX ix_tickets_signs ON tickets USING gin (ticket_signs({texts}, number))")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP INDEX ix_tickets_signs")
        op.execute("DROP FUNCTION ticket_signs(text, text)")
