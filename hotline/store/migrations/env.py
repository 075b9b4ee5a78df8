"""Alembic's entry: it works on the connection it is handed and never opens one of its own."""

from typing import Any

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

from hotline.store.base import UtcDateTime
from hotline.store.schema import is_compared
from hotline.store.tables import Base


def render(kind: str, thing: Any, _context: AutogenContext) -> str | bool:
    """Renders our own types as database types, so that a migration imports none of our modules."""
    if kind == "type" and isinstance(thing, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, sa.Enum):
        return f"sa.String(length={thing.length})"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=render,
    include_object=is_compared,
    compare_type=True,
    compare_server_default=True,
    transactional_ddl=True,
)
context.run_migrations()
