"""The index of the search on PostgreSQL: the pairs of neighbouring letters of each ticket's searched texts.

A word that stands in a text has all its pairs there, so the index finds every ticket that can hold the word. The search
compares the texts of those, hence the index changes no result. Its rows are written by PostgreSQL in the ticket's own
transaction. `pg_trgm` finds no word of two letters, which most Chinese words have, and needs an administrator to install it.
SQLite compares the texts of all tickets in turn.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    DDL,
    ColumnElement,
    Index,
    and_,
    cast,
    event,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

from hotline.rules.tickets.search import SearchWord
from hotline.store.tickets.tables import Ticket

# Numbers of tickets are alike in most of their pairs: their parts of four letters tell them apart.
NUMBER_PART = 4
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
_PREPARE = select(
    func.set_config("work_mem", "32MB", True),
    func.set_config("jit", "off", True),
    func.set_config("max_parallel_workers_per_gather", "0", True),
)
_TEXTS = Ticket.search_text + literal_column("E'\\n'") + Ticket.search_private
_SIGNS: FunctionElement[Any] = func.ticket_signs(_TEXTS, Ticket.number)

# SQLAlchemy leaves this class without types.
_CREATE = DDL(CREATE_FUNCTION).execute_if(dialect="postgresql")  # type: ignore[no-untyped-call]
event.listen(Ticket.__table__, "before_create", _CREATE)
Index("ix_tickets_signs", _SIGNS, postgresql_using="gin").ddl_if(dialect="postgresql")


def use_index(session: Session) -> bool:
    """Prepares the transaction for the index; returns False for a database without it."""
    if session.get_bind().dialect.name != "postgresql":
        return False
    # The rows of a common word have to fit into memory, and compiling or sharing a query costs more than these queries.
    session.execute(_PREPARE)
    return True


def candidates(words: Iterable[SearchWord]) -> ColumnElement[bool]:
    """Returns the condition of all tickets that can hold each of `words`; for PostgreSQL."""
    return and_(true(), *(_can_hold(word) for word in words))


def _can_hold(word: SearchWord) -> ColumnElement[bool]:
    signs = _signs_of(word.text)
    if signs is None:
        return true()
    held = _SIGNS.op("@@", is_comparison=True)(cast(literal(signs), TSQUERY))
    return held if word.number is None else or_(held, Ticket.caller_number == word.number)


def _signs_of(word: str) -> str | None:
    """Returns the query for the signs of a word, in the form of a tsquery; None for a part of a number without any."""
    pairs = [word[place : place + 2] for place in range(len(word) - 1)]
    in_texts = _all_of(pairs) if pairs else f"{_quoted(word)}:*"
    if not (word.isascii() and word.isalnum()):
        return in_texts
    parts = [word[place : place + NUMBER_PART] for place in range(len(word) - NUMBER_PART + 1)]
    return f"({in_texts}) | ({_all_of(parts)})" if parts else None


def _all_of(signs: Iterable[str]) -> str:
    return " & ".join(_quoted(sign) for sign in dict.fromkeys(signs))


def _quoted(sign: str) -> str:
    doubled = sign.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"
