import functools
from collections.abc import Callable
from datetime import date
from typing import ParamSpec, TypeVar

import click
from alembic.util import CommandError
from sqlalchemy.exc import OperationalError, ProgrammingError

from config.logs import begin_logging
from config.settings import settings_or_exit
from config.wiring import Components, build_or_exit
from hotline.rules.errors import (
    DomainError,
    LostRace,
    NameTaken,
    NoSuchFlow,
    NoSuchPerson,
    NotAllowed,
    UnknownSkill,
    UnknownUnit,
)
from hotline.rules.figures.report import parse_day

P = ParamSpec("P")
R = TypeVar("R")


def open_components() -> Components:
    """Returns the components of this environment, closed when the command ends.

    Exits with status 2 for a wrong setting or a wrong file of the city.
    """
    settings = settings_or_exit()
    begin_logging(settings.mode)
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
            raise click.ClickException(_message(error)) from None
        except CommandError as error:
            raise click.ClickException(str(error)) from None
        except ProgrammingError:
            raise click.ClickException(
                "the database lacks tables of this version: run hotline migrate"
            ) from None
        except OperationalError as error:
            raise click.ClickException(_database_message(error)) from None

    return wrapper


def _message(error: DomainError) -> str:
    match error:
        case NoSuchPerson():
            return f"there is no active user {error}: add one with hotline user add"
        case UnknownUnit(code=code):
            return f"there is no unit {code}; units.toml lists the codes (hotline migrate adds new ones)"
        case NoSuchFlow():
            return f"there is no publication {error}: see hotline flows history"
        case LostRace():
            return f"{error}: check the current state and repeat the command"
        case UnknownSkill(known=known):
            return f"there is no skill {error}; callers.toml names {', '.join(known) or 'none'}"
        case NameTaken():
            return f"the name {error} is taken"
        case NotAllowed():
            return str(error)
        case _:
            return f"{type(error).__name__}: {error}"


def _database_message(error: OperationalError) -> str:
    if "no such table" in str(error.orig):
        return "the database lacks tables of this version: run hotline migrate"
    return f"the database does not answer ({type(error.orig).__name__})"


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
