"""What every command needs: the components of this environment, and refusals as one line with exit status 1."""

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
    """Return the components, open until the command ends; a wrong setting or city file ends it with status 2."""
    settings = settings_or_exit()
    begin_logging(settings.mode)
    components = build_or_exit(settings)
    click.get_current_context().call_on_close(components.application.engine.dispose)
    click.get_current_context().call_on_close(components.redis.close)
    return components


def plainly(command: Callable[P, R]) -> Callable[P, R]:
    """Turn refusals and a database that does not answer into one line and exit status 1."""

    @functools.wraps(command)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except DomainError as refusal:
            raise click.ClickException(_words(refusal)) from None
        except CommandError as error:
            raise click.ClickException(str(error)) from None
        except ProgrammingError:
            raise click.ClickException(
                "the database lacks tables of this version: run hotline migrate"
            ) from None
        except OperationalError as error:
            raise click.ClickException(_trouble(error)) from None

    return told


def _words(refusal: DomainError) -> str:
    match refusal:
        case NoSuchPerson():
            return f"nobody who may log in is called {refusal}: add them with hotline user add"
        case UnknownUnit(code=code):
            return f"there is no unit {code}; the codes stand in units.toml (hotline migrate writes new ones)"
        case NoSuchFlow():
            return f"there is no publication {refusal}: see hotline flows history"
        case LostRace():
            return f"{refusal}: look again, then repeat the command"
        case UnknownSkill(known=known):
            return f"there is no skill {refusal}; config/city/example/callers.toml names {', '.join(known) or 'none'}"
        case NameTaken():
            return f"the name {refusal} is taken"
        case NotAllowed():
            return str(refusal)
        case _:
            return f"{type(refusal).__name__}: {refusal}"


def _trouble(error: OperationalError) -> str:
    if "no such table" in str(error.orig):
        return "the database lacks tables of this version: run hotline migrate"
    return f"the database does not answer ({type(error.orig).__name__})"


class Day(click.ParamType[date]):
    """A day written as 2026-11-23."""

    name = "YYYY-MM-DD"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        day = parse_day(str(value))
        if isinstance(day, str):
            self.fail(f"{value!r} is not a day such as 2026-11-23", param, ctx)
        return day
