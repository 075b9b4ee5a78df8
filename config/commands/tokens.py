import click

from config.commands.context import open_components, report_errors
from hotline.rules.people.actors import Machine
from hotline.services.people import accounts


@click.group()
def token() -> None:
    """Creates tokens with which programs use /api/v1."""


@token.command("create")
@click.argument("name")
@click.option(
    "--user", "user_name", metavar="NAME", help="User whose rights the token has; the user NAME if not given."
)
@report_errors
def create_token(name: str, user_name: str | None) -> None:
    """Creates the token NAME and prints it. It is never shown again."""
    with open_components().application.unit_of_work(Machine.SYSTEM) as work:
        made = accounts.create_token(work, name=name, user_name=user_name or name)
    click.echo(made)
