import functools
from collections.abc import Callable
from datetime import date
from typing import ParamSpec, TypeVar

import click
from alembic.util import CommandError
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as DatabaseBusy

from config.logs import begin_logging
from config.settings import settings_or_exit
from config.wiring import Components, build_or_exit
from hotline.rules.errors import (
    DomainError,
    LostRace,
    NameTaken,
    NoSuchDelivery,
    NoSuchFlow,
    NoSuchPerson,
    NotAllowed,
    UnknownSkill,
    UnknownUnit,
)
from hotline.rules.failures import failure_reason
from hotline.rules.figures.report import parse_day
from hotline.rules.text import one_line

P = ParamSpec("P")
R = TypeVar("R")


def open_components() -> Components:
    """Returns the components of this environment, closed when the command ends.

    Exits with status 2 for a wrong setting or a wrong file of the city.
    """
    settings = settings_or_exit()
    begin_logging(settings.mode, settings.secrets)
    components = build_or_exit(settings)
    click.get_current_context().call_on_close(components.application.engine.dispose)
    click.get_current_context().call_on_close(components.redis.close)
    return components


def report_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Turns domain and database errors of the decorated command into one line and exit status 1."""

    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except DomainError as error:
            raise click.ClickException(one_line(_message(error))) from None
        except CommandError as error:
            raise click.ClickException(
                one_line(f"the database was written by a newer version ({error})")
            ) from None
        except (DataError, IntegrityError):
            # An error of the program: only its traceback says where it is.
            raise
        except (DBAPIError, DatabaseBusy) as error:
            raise click.ClickException(_database_message(error)) from None

    return wrapper


def _message(error: DomainError) -> str:
    match error:
        case NoSuchPerson():
            return f"there is no active user {error}: add one with hotline user add"
        case UnknownUnit(code=code):
            return f"there is no unit {code}; units.toml lists the codes (hotline migrate adds new ones)"
        case NoSuchDelivery():
            return f"there is no delivery {error}: see hotline deliveries list --state all"
        case NoSuchFlow():
            return f"there is no publication {error}: see hotline flows history"
        case LostRace():
            return f"{error}: check the current state and repeat the command"
        case UnknownSkill(known=known):
            return f"there is no skill {error}; callers.toml names {', '.join(known) or 'none'}"
        case NameTaken():
            return f"the {error} is taken"
        case NotAllowed():
            return str(error)
        case _:
            return f"{type(error).__name__}: {error}"


def _database_message(error: DBAPIError | DatabaseBusy) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    # PostgreSQL reports what is missing as a ProgrammingError, SQLite as an OperationalError with one of these texts.
    missing = ("no such table", "no such column", "has no column named")
    if isinstance(error, ProgrammingError) or any(words in str(cause) for words in missing):
        return "the database lacks tables of this version: run hotline migrate"
    return f"the database does not answer: {failure_reason(error)}"


class DayParameter(click.ParamType[date]):
    """Click parameter type for a day in the form 2026-11-23."""

    name = "YYYY-MM-DD"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        day = parse_day(str(value))
        if isinstance(day, str):
            self.fail(f"{value!r} is not a day such as 2026-11-23", param, ctx)
        return day
