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
    InvalidFields,
    LastAdministrator,
    LostRace,
    NameTaken,
    NoSuchCityVersion,
    NoSuchDelivery,
    NoSuchFlow,
    NoSuchPerson,
    NoSuchToken,
    NotAllowed,
    UnitInUse,
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


# Code of a refused field -> words; codes without words are shown as they are.
_FIELD_PROBLEMS = {
    "missing": "is missing",
    "too_long": "is too long",
    "too_short": "is too short for the city's rules ([accounts] in policies.toml)",
    "too_simple": "needs more kinds of characters ([accounts] in policies.toml), without the user's names",
    "not_printable": "has only printable characters, no slashes, and no blanks around it",
    "handlers_only": "belongs to handlers only",
    "separate_duties": "one administrator has one duty in this city ([accounts] in policies.toml)",
    "not_for_contractors": "is for operators, shift leaders and administrators of the system alone",
}


# Error -> sentence; {} is the error's argument.
_SENTENCES: dict[type[DomainError], str] = {
    NoSuchPerson: "there is no active user {}: add one with hotline user add",
    UnknownUnit: "there is no unit {}; units.toml lists the codes",
    NoSuchDelivery: "there is no delivery {}: see hotline deliveries list --state all",
    NoSuchToken: "there is no token {}: see hotline token list",
    NoSuchFlow: "there is no publication {}: see hotline flows history",
    LastAdministrator: "nobody would be left who manages people",
    NoSuchCityVersion: "there is no version {}: see hotline city history",
    LostRace: "{}: check the current state and repeat the command",
    NameTaken: "the {} is taken",
    NotAllowed: "{}",
}


def _message(error: DomainError) -> str:
    match error:
        case InvalidFields(errors=errors):
            return "; ".join(f"{field}: {_FIELD_PROBLEMS.get(code, code)}" for field, code in errors.items())
        case UnitInUse(code=code, tickets=tickets, people=people):
            return f"unit {code} has {tickets} open tickets and {people} people: name its successor in units.toml"
        case UnknownSkill(known=known):
            return f"there is no skill {error}; callers.toml names {', '.join(known) or 'none'}"
        case _:
            return _SENTENCES.get(type(error), type(error).__name__ + ": {}").format(error)


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
