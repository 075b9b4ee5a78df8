"""`hotline user add|skills`, `hotline token create`."""

import sys

import click

from config.commands.context import open_components, plainly
from hotline.rules.enums import Role
from hotline.rules.people.actors import Machine
from hotline.services.people import accounts
from hotline.services.queueing import skills


@click.group()
def user() -> None:
    """People who may log in."""


@user.command("add")
@click.argument("name")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--unit", metavar="CODE", help="Unit of a handler.")
@click.option("--display-name", metavar="TEXT", help="How pages call them; NAME if not given.")
@click.option("--work-number", metavar="TEXT", help="工号, what callers are told.")
@plainly
def add_user(
    name: str, role: str, unit: str | None, display_name: str | None, work_number: str | None
) -> None:
    """Add NAME; the password is the first line of standard input."""
    password = _password()
    with open_components().application.unit_of_work(Machine.SYSTEM) as work:
        accounts.add_user(
            work,
            name=name,
            display_name=display_name or name,
            role=Role(role),
            password=password,
            unit_code=unit,
            work_number=work_number,
        )
    click.echo(f"{name} may log in as {role}")


@user.command("skills")
@click.argument("name")
@click.argument("wanted", required=False, metavar="[SKILL,SKILL]")
@plainly
def user_skills(name: str, wanted: str | None) -> None:
    """Show the skills of NAME, or set them: callers who ask for one are brought to NAME first. "" takes all away."""
    components = open_components()
    if wanted is None:
        with components.application.read_session() as session:
            found = skills.skills_by_name(session, name)
    else:
        asked = [skill.strip() for skill in wanted.split(",") if skill.strip()]
        with components.application.unit_of_work(Machine.SYSTEM) as work:
            found = skills.set_skills(work, name, asked)
    click.echo(f"{name}: {', '.join(found) or 'no skills'}")


def _password() -> str:
    """Read the password; on a terminal without showing it."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    line = sys.stdin.readline()
    if not line:
        raise click.UsageError("the password is read from standard input, and that is empty")
    return line.rstrip("\r\n")


@click.group()
def token() -> None:
    """Keys of programs for /api/v1."""


@token.command("create")
@click.argument("name")
@click.option(
    "--user", "user_name", metavar="NAME", help="Whose rights it has; the person called NAME if not given."
)
@plainly
def create_token(name: str, user_name: str | None) -> None:
    """Make the key NAME and print it, once."""
    with open_components().application.unit_of_work(Machine.SYSTEM) as work:
        made = accounts.create_token(work, name=name, user_name=user_name or name)
    click.echo(made)
