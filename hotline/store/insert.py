"""Claiming by insertion: the first writer wins, the second is told so, on both databases alike."""

from typing import Any

from sqlalchemy import Executable
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session

from hotline.store.base import Base


def claim_row(
    session: Session, table: type[Base], returning: InstrumentedAttribute[Any], values: dict[str, Any]
) -> Any:
    """Insert `values`; return the column `returning` of the new row, or None if a unique key was already taken."""
    statement: Executable
    if session.get_bind().dialect.name == "sqlite":
        statement = sqlite.insert(table).values(**values).on_conflict_do_nothing().returning(returning)
    else:
        statement = postgresql.insert(table).values(**values).on_conflict_do_nothing().returning(returning)
    return session.execute(statement).scalar_one_or_none()


def changed(session: Session, statement: Executable) -> bool:
    """Run a conditional update; say whether it changed exactly one row, i.e. whether the race was won."""
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return getattr(result, "rowcount", 0) == 1
