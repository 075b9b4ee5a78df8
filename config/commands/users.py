import click

from config.commands.context import open_components, report_errors
from config.commands.terminal import secret_line
from hotline.rules.enums import Role
from hotline.rules.people.actors import Machine, Right
from hotline.services.people import accounts
from hotline.services.queueing import skills


@click.group()
def user() -> None:
    """Adds users and sets their skills."""


@user.command("add")
@click.argument("name")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--unit", metavar="CODE", help="Unit of a handler.")
@click.option("--display-name", metavar="TEXT", help="Name shown on pages; NAME if not given.")
@click.option("--work-number", metavar="TEXT", help="Work number (工号) announced to callers.")
@report_errors
def add_user(
    name: str, role: str, unit: str | None, display_name: str | None, work_number: str | None
) -> None:
    """Adds the user NAME; the password is the first line of standard input."""
    password = secret_line("password")
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
@report_errors
def user_skills(name: str, wanted: str | None) -> None:
    """Shows or sets the skills of NAME; "" removes all.

    Callers who choose a skill are connected to an operator with this skill first.
    """
    components = open_components()
    if wanted is None:
        with components.application.read_session() as session:
            found = skills.skills_by_name(session, name)
    else:
        given = [skill.strip() for skill in wanted.split(",") if skill.strip()]
        with components.application.unit_of_work(Machine.SYSTEM) as work:
            found = skills.set_skills(work, name, given)
    click.echo(f"{name}: {', '.join(found) or 'no skills'}")


@user.command("telephones")
@report_errors
def user_telephones() -> None:
    """Lists the address at which each operator's desk is rung, to register telephones there (SOFTPHONE_DRIVER=sip)."""
    components = open_components()
    with components.application.read_session() as session:
        for name, person in accounts.active_people(session, Right.TAKE_CALLS).items():
            click.echo(f"{name}: {components.addresses.desk(person.id)}")
