import click

from config.commands.context import open_components, report_errors
from config.commands.terminal import secret_line
from hotline.rules.people.actors import Machine
from hotline.services.people.unit_webhooks import set_webhook_secret


@click.group()
def unit() -> None:
    """Sets how units' own systems are notified."""


@unit.command("secret")
@click.argument("code")
@click.option(
    "--remove", is_flag=True, help="Remove the secret; nothing is sent to the unit's system any more."
)
@report_errors
def unit_secret(code: str, *, remove: bool) -> None:
    """Sets the secret that signs notifications to the system of the unit CODE; it is the first line of standard input.

    The address stands in units.toml (webhook_url).
    """
    secret = None if remove else secret_line("secret")
    with open_components().application.unit_of_work(Machine.SYSTEM) as work:
        address = set_webhook_secret(work, code, secret)
    done = "has no secret any more" if remove else "has a new secret"
    to = f"its address is {address}" if address else "it has no address yet: webhook_url in units.toml"
    click.echo(f"{code} {done}; {to}")
