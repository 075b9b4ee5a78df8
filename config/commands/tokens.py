from datetime import timedelta

import click

from config.commands.context import open_components, report_errors
from config.commands.terminal import text_table
from hotline.rules.people.actors import Machine
from hotline.services.people import tokens


@click.group()
def token() -> None:
    """Creates, lists and revokes tokens with which programs use /api/v1."""


@token.command("create")
@click.argument("name")
@click.option(
    "--user", "user_name", metavar="NAME", help="User whose rights the token has; the user NAME if not given."
)
@click.option("--read-only", is_flag=True, help="The token may read and change nothing.")
@click.option("--days", type=click.IntRange(1, 3650), help="Days until it expires; never if not given.")
@report_errors
def create_token(name: str, user_name: str | None, read_only: bool, days: int | None) -> None:
    """Creates the token NAME and prints it. It is never shown again."""
    with open_components().application.unit_of_work(Machine.SYSTEM) as work:
        made = tokens.create_token(
            work,
            name=name,
            user_name=user_name or name,
            read_only=read_only,
            expires_at=None if days is None else work.at + timedelta(days=days),
        )
    click.echo(made)


@token.command("list")
@report_errors
def list_tokens() -> None:
    """Lists tokens, the newest first."""
    application = open_components().application
    with application.read_session() as session:
        found = tokens.list_tokens(session)
    at = application.clock()
    rows = [
        (
            str(row.id),
            row.name,
            user.name,
            "read" if row.read_only else "full",
            tokens.state_of(row, at),
            "" if row.expires_at is None else f"{row.expires_at:%Y-%m-%d}",
            "" if row.last_used_at is None else f"{row.last_used_at:%Y-%m-%d}",
        )
        for row, user in found
    ]
    click.echo(text_table(("id", "name", "user", "scope", "state", "expires", "last used"), rows))


@token.command("revoke")
@click.argument("token_id", type=click.IntRange(1, 2**31 - 1), metavar="ID")
@report_errors
def revoke(token_id: int) -> None:
    """Revokes the token ID; it is refused within two seconds."""
    with open_components().application.unit_of_work(Machine.SYSTEM) as work:
        tokens.revoke_token(work, token_id)
    click.echo(f"token {token_id} is revoked")
