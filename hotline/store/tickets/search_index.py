"""The index of the search: the pairs of neighbouring letters of each ticket's searched texts.

A word that stands in a text has all its pairs there, so the index finds every ticket that can hold the word. The search
compares the texts of those, hence the index changes no result. Its rows are written by the database in the ticket's own
transaction: PostgreSQL has a GIN index over a function, SQLite an FTS5 table that triggers write.

`pg_trgm` and the tokenizer `trigram` of FTS5 find no word of two letters, which most Chinese words have, and `pg_trgm` needs an
administrator to install it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    DDL,
    ColumnElement,
    Connection,
    Index,
    and_,
    cast,
    event,
    func,
    literal,
    literal_column,
    or_,
    select,
    table,
    true,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

from hotline.rules.tickets.search import SearchWord
from hotline.store.tickets.tables import Ticket

# Numbers of tickets are alike in most of their pairs: their parts of four letters tell them apart.
NUMBER_PART, LONGEST_NUMBER = 4, 24
CREATE_FUNCTION = """
CREATE FUNCTION ticket_signs(texts text, number text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000 AS $$
DECLARE
    letters text[] := string_to_array(texts, NULL);
    signs text[] := '{}';
BEGIN
    FOR place IN 1..coalesce(cardinality(letters), 0) LOOP
        signs[place] := letters[place] || coalesce(letters[place + 1], '');
    END LOOP;
    FOR place IN 1..coalesce(length(number), 0) LOOP
        signs := signs || lower(substr(number, place, 4));
    END LOOP;
    RETURN array_to_tsvector(signs);
END $$
"""
# FTS5 keeps the ids of the tickets of each sign, without the texts. All signs of ASCII are letters; blanks are between them.
FTS_TABLE = "ticket_signs"
_PUNCTUATION = """!""#$%&''()*+,-./:;<=>?@[\\]^_`{|}~"""
CREATE_FTS_TABLE = f"""
CREATE VIRTUAL TABLE {FTS_TABLE} USING fts5(
    signs, content='', columnsize=0, detail=none, tokenize="ascii tokenchars '{_PUNCTUATION}'"
)"""
_PREPARE = select(
    func.set_config("work_mem", "32MB", True),
    func.set_config("jit", "off", True),
    func.set_config("max_parallel_workers_per_gather", "0", True),
)
_TEXTS = Ticket.search_text + literal_column("E'\\n'") + Ticket.search_private
_SIGNS: FunctionElement[Any] = func.ticket_signs(_TEXTS, Ticket.number)


def _signs_of_row(row: str) -> str:
    """Returns the SQL expression of SQLite for the signs of a ticket, `row` is `new`, `old` or the table."""
    texts = f"{row}.search_text || char(10) || {row}.search_private"
    # Sixteen letters a step: SQLite has no loop but recursion, and a step takes as long as reading many letters.
    pairs = " || ' ' || ".join(f"substr(letters, {place}, 2)" for place in range(1, 17))
    parts = " || ' ' || ".join(
        f"substr({row}.number, {place}, {NUMBER_PART})" for place in range(1, LONGEST_NUMBER + 1)
    )
    return f"""(
        WITH RECURSIVE chunks(start, letters) AS (
            SELECT 1, substr({texts}, 1, 17)
            UNION ALL SELECT start + 16, substr({texts}, start + 16, 17) FROM chunks WHERE length(letters) > 16
        ) SELECT group_concat({pairs}, ' ') FROM chunks
    ) || ' ' || coalesce({parts}, '')"""  # noqa: S608 - names of ours


_ADD = f"INSERT INTO {FTS_TABLE} (rowid, signs) VALUES (new.id, {_signs_of_row('new')})"  # noqa: S608 - names of ours
# A table without the texts is told which signs to delete.
_DELETE = (
    f"INSERT INTO {FTS_TABLE} ({FTS_TABLE}, rowid, signs) VALUES ('delete', old.id, {_signs_of_row('old')})"  # noqa: S608 - names of ours
)
_IS_CHANGED = " OR ".join(
    f"old.{column} IS NOT new.{column}" for column in ("search_text", "search_private", "number")
)
TRIGGERS = {
    "ticket_signs_inserted": f"AFTER INSERT ON tickets BEGIN {_ADD}; END",
    "ticket_signs_updated": "AFTER UPDATE OF search_text, search_private, number ON tickets"
    f" WHEN {_IS_CHANGED} BEGIN {_DELETE}; {_ADD}; END",
    "ticket_signs_deleted": f"AFTER DELETE ON tickets BEGIN {_DELETE}; END",
}
CREATE_TRIGGERS = tuple(f"CREATE TRIGGER {name} {trigger}" for name, trigger in TRIGGERS.items())
ADD_ALL = f"INSERT INTO {FTS_TABLE} (rowid, signs) SELECT id, {_signs_of_row('tickets')} FROM tickets"  # noqa: S608 - names of ours


def _define() -> None:
    """Adds the index to the table of tickets, for each database."""
    # SQLAlchemy leaves this class without types. A percent sign is doubled, because it stands for a parameter there.
    function = DDL(CREATE_FUNCTION).execute_if(dialect="postgresql")  # type: ignore[no-untyped-call]
    event.listen(Ticket.__table__, "before_create", function)
    Index("ix_tickets_signs", _SIGNS, postgresql_using="gin").ddl_if(dialect="postgresql")
    for statement in (CREATE_FTS_TABLE, *CREATE_TRIGGERS):
        ddl = DDL(statement.replace("%", "%%")).execute_if(dialect="sqlite")  # type: ignore[no-untyped-call]
        event.listen(Ticket.__table__, "after_create", ddl)


_define()


@contextmanager
def indexed_at_the_end(connection: Connection) -> Iterator[None]:
    """Lets SQLite add the signs of the tickets that are written meanwhile at the end, which is faster; for bulk writers."""
    if connection.dialect.name != "sqlite":
        yield
        return
    last = connection.scalar(select(func.max(Ticket.id))) or 0
    for name in TRIGGERS:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    yield
    connection.exec_driver_sql(f"{ADD_ALL} WHERE id > ?", (last,))
    for statement in CREATE_TRIGGERS:
        connection.exec_driver_sql(statement)


def prepare(session: Session) -> None:
    """Prepares the transaction for the index."""
    if session.get_bind().dialect.name == "postgresql":
        # The rows of a common word have to fit into memory, and compiling or sharing a query costs more than these queries.
        session.execute(_PREPARE)


def candidates(session: Session, words: Iterable[SearchWord]) -> ColumnElement[bool]:
    """Returns the condition of all tickets that can hold each of `words`."""
    find, language = (_in_fts, FTS5) if session.get_bind().dialect.name == "sqlite" else (_in_gin, POSTGRESQL)
    queries = [(word, language.signs_of(word.text)) for word in words]
    # One question for all words: the database goes through the tickets of the rarest sign.
    together = [signs for word, signs in queries if word.number is None]
    numbers = [
        or_(find(signs), Ticket.caller_number == word.number)
        for word, signs in queries
        if word.number is not None
    ]
    in_texts = find(language.all_of(f"({signs})" for signs in together)) if together else true()
    return and_(in_texts, *numbers)


def _in_gin(query: str) -> ColumnElement[bool]:
    return _SIGNS.op("@@", is_comparison=True)(cast(literal(query), TSQUERY))


def _in_fts(query: str) -> ColumnElement[bool]:
    matching = literal_column(FTS_TABLE).op("MATCH", is_comparison=True)(literal(query))
    return Ticket.id.in_(select(literal_column("rowid")).select_from(table(FTS_TABLE)).where(matching))


@dataclass(frozen=True, slots=True)
class _QueryLanguage:
    """The language in which a database is asked for signs."""

    conjunction: str
    disjunction: str
    quote: str
    escapes: str
    prefix: str

    def signs_of(self, word: str) -> str:
        """Returns the query for the signs of a word."""
        pairs = [word[place : place + 2] for place in range(len(word) - 1)]
        in_texts = self.all_of(map(self.quoted, pairs)) if pairs else f"{self.quoted(word)}{self.prefix}"
        if not (word.isascii() and word.isalnum()):
            return in_texts
        if len(word) < NUMBER_PART:
            # Also the last letters of a number are signs.
            return f"({in_texts}) {self.disjunction} {self.quoted(word)}{self.prefix}"
        parts = [word[place : place + NUMBER_PART] for place in range(len(word) - NUMBER_PART + 1)]
        return f"({in_texts}) {self.disjunction} ({self.all_of(map(self.quoted, parts))})"

    def all_of(self, queries: Iterable[str]) -> str:
        return f" {self.conjunction} ".join(dict.fromkeys(queries))

    def quoted(self, sign: str) -> str:
        for letter in self.escapes:
            sign = sign.replace(letter, letter * 2)
        return f"{self.quote}{sign}{self.quote}"


POSTGRESQL = _QueryLanguage("&", "|", "'", "\\'", ":*")
FTS5 = _QueryLanguage("AND", "OR", '"', '"', " *")
