import csv
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import click

from config.commands.context import open_components, report_errors
from config.commands.terminal import secret_line, text_table
from hotline.rules.enums import Duty, LinkKind, Role
from hotline.rules.people.accounts import Account
from hotline.rules.people.actors import ALL_DUTIES, Machine, Right
from hotline.services.people import (
    account_import,
    accounts,
    passwords,
    provider_log_ins,
    second_factors,
    sign_ins,
)
from hotline.services.queueing import skills
from hotline.store.people.tables import User
from hotline.store.people.users import list_users
from hotline.unit_of_work import UnitOfWork

_REASON = click.option("--reason", default="", metavar="TEXT", help="Kept in the history of the account.")


@click.group()
def user() -> None:
    """Adds, lists, changes and disables users, and sets their skills."""


@user.command("add")
@click.argument("name")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--unit", metavar="CODE", help="Unit of a handler.")
@click.option("--display-name", metavar="TEXT", help="Name shown on pages; NAME if not given.")
@click.option("--work-number", metavar="TEXT", help="Work number (工号) announced to callers.")
@click.option("--contractor", is_flag=True, help="Employed by a contractor: may not handle or approve.")
@click.option(
    "--duty",
    "duties",
    multiple=True,
    type=click.Choice(list(Duty)),
    help="Of an administrator; all if not given.",
)
@report_errors
def add_user(
    name: str,
    *,
    role: str,
    unit: str | None,
    display_name: str | None,
    work_number: str | None,
    contractor: bool,
    duties: Sequence[str],
) -> None:
    """Adds the user NAME; the password is the first line of standard input."""
    account = Account(
        display_name=display_name or name,
        role=Role(role),
        unit_code=unit,
        work_number=work_number,
        contractor=contractor,
        duties=frozenset(map(Duty, duties)) or ALL_DUTIES,
    )
    password = secret_line("password")
    with open_components().application.unit_of_work(Machine.SYSTEM) as work:
        accounts.add_user(work, name, account, password=password)
    click.echo(f"{name} may log in as {role}")


@user.command("list")
@click.option("--all", "everyone", is_flag=True, help="Disabled users too.")
@report_errors
def list_command(everyone: bool) -> None:
    """Lists users, the newest first."""
    application = open_components().application
    with application.read_session() as session:
        page = list_users(session, active=None if everyone else True, limit=10_000)
    at = application.clock()
    rows = [
        (
            line.user.name,
            line.user.work_number or "",
            line.user.role.value,
            line.user.unit_code or "",
            accounts.state_of(line.user, at),
            "" if line.user.last_log_in_at is None else f"{line.user.last_log_in_at:%Y-%m-%d}",
        )
        for line in page.rows
    ]
    click.echo(text_table(("name", "number", "role", "unit", "state", "last log-in"), rows))


@user.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Only tell what each row would do.")
@click.option(
    "--links",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the links of the new users into this CSV file.",
)
@_REASON
@report_errors
def import_command(file: BinaryIO, *, dry_run: bool, links: Path | None, reason: str) -> None:
    """Adds and changes users by the rows of FILE (CSV or XLSX; - for standard input): all rows or none.

    Columns: name, display_name, role, unit_code, work_number, skills, duties, contractor, or their Chinese headings.
    """
    components = open_components()
    application = components.application
    try:
        cells = account_import.read_cells(file)
    except account_import.AccountFileRefused as refused:
        raise click.ClickException(str(refused)) from refused
    with application.unit_of_work(Machine.SYSTEM) as work:
        plan = account_import.plan_import(work, cells)
        for row in plan.rows:
            if row.kind is account_import.RowKind.WRONG:
                told = ", ".join(f"{name}: {code}" for name, code in row.errors.items())
                click.echo(f"line {row.line}: {row.name or '-'}: {told}", err=True)
            elif dry_run and row.kind is not account_import.RowKind.SAME:
                told = ", ".join(
                    f"{name} {old or '-'} -> {new or '-'}" for name, (old, new) in row.changes.items()
                )
                click.echo(f"line {row.line}: {row.name}: {row.kind.value} {told}".rstrip())
        click.echo(", ".join(f"{len(plan.of(kind))} {kind.value}" for kind in account_import.RowKind))
        if plan.of(account_import.RowKind.WRONG):
            raise click.ClickException("nothing was written: correct the wrong rows first")
        if dry_run:
            return
        new = account_import.carry_out(work, cells, plan.digest, reason)
        rows = [_link_row(work, user_id, components.settings.public_url) for user_id in new] if links else []
    if links is not None:
        # Links are secrets: only the user of this process reads the file.
        links.touch(mode=0o600)
        with links.open("w", encoding="utf-8-sig", newline="") as target:
            csv.writer(target).writerows([("name", "display_name", "work_number", "link"), *rows])


def _link_row(work: UnitOfWork, user_id: int, public_url: str) -> tuple[str, ...]:
    found = work.session.get_one(User, user_id)
    token = passwords.make_link(work, user_id, LinkKind.INVITE)
    return (found.name, found.display_name, found.work_number or "", f"{public_url}/account/{token}")


@user.command("disable")
@click.argument("name")
@click.option(
    "--successor", metavar="NAME", help="Gets the open drafts; without, everyone who writes tickets may."
)
@_REASON
@report_errors
def disable(name: str, successor: str | None, reason: str) -> None:
    """Disables the account NAME: every request is refused, but for the controls of a talk in progress."""
    with open_components().application.unit_of_work(Machine.SYSTEM) as work:
        accounts.disable_user(work, name, successor=successor, reason=reason)
    click.echo(f"{name} is disabled")


@user.command("enable")
@click.argument("name")
@_REASON
@report_errors
def enable(name: str, reason: str) -> None:
    """Enables the disabled account NAME; the former password works."""
    with open_components().application.unit_of_work(Machine.SYSTEM) as work:
        accounts.enable_user(work, name, reason)
    click.echo(f"{name} may log in")


@user.command("unlock")
@click.argument("name")
@report_errors
def unlock(name: str) -> None:
    """Ends the lock of NAME that wrong passwords have caused."""
    with open_components().application.unit_of_work(Machine.SYSTEM) as work:
        accounts.unlock_user(work, name)
    click.echo(f"{name} may log in")


@user.command("reset-factor")
@click.argument("name")
@_REASON
@report_errors
def reset_factor(name: str, reason: str) -> None:
    """Removes the second factors of NAME, who has lost them, and ends the sessions."""
    with open_components().application.unit_of_work(Machine.SYSTEM) as work:
        second_factors.reset_factors(work, accounts.require_user(work, name), reason)
    click.echo(f"{name} logs in without a second factor, or sets one up if the role needs it")


@user.command("link")
@click.argument("name")
@click.argument("subject")
@report_errors
def link(name: str, subject: str) -> None:
    """Links NAME to SUBJECT, the identity provider's own name of the person (the claim `sub`)."""
    components = open_components()
    if not components.settings.oidc_issuer:
        raise click.ClickException("OIDC_ISSUER is not set")
    with components.application.unit_of_work(Machine.SYSTEM) as work:
        known = accounts.require_user(work, name)
        provider_log_ins.link_user(work, known, components.settings.oidc_issuer, subject)
    click.echo(f"{name} logs in through the identity provider")


@user.command("unlink")
@click.argument("name")
@report_errors
def unlink(name: str) -> None:
    """Removes the link of NAME to the identity provider, and ends the sessions."""
    with open_components().application.unit_of_work(Machine.SYSTEM) as work:
        provider_log_ins.unlink_user(work, accounts.require_user(work, name))
    click.echo(f"{name} is not linked")


@user.command("role")
@click.argument("name")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@click.option("--unit", metavar="CODE", help="Unit of a handler.")
@click.option("--duty", "duties", multiple=True, type=click.Choice(list(Duty)), help="Of an administrator.")
@_REASON
@report_errors
def set_role(name: str, role: str, *, unit: str | None, duties: Sequence[str], reason: str) -> None:
    """Gives NAME another ROLE; sessions of the former role end."""
    with open_components().application.unit_of_work(Machine.SYSTEM) as work:
        now = accounts.account_of(accounts.require_user(work, name))
        wanted = Account(
            display_name=now.display_name,
            role=Role(role),
            unit_code=unit,
            work_number=now.work_number,
            contractor=now.contractor,
            duties=frozenset(map(Duty, duties)) or ALL_DUTIES,
        )
        accounts.change_user(work, name, wanted, reason)
    click.echo(f"{name} is {role}")


@user.command("password")
@click.argument("name")
@click.option("--must-change", is_flag=True, help="The user changes it at the next log-in.")
@report_errors
def set_password(name: str, must_change: bool) -> None:
    """Sets the password of NAME, the first line of standard input, and ends the sessions."""
    password = secret_line("password")
    with open_components().application.unit_of_work(Machine.SYSTEM) as work:
        known = accounts.require_user(work, name)
        passwords.set_password(work, known, password, must_change=must_change)
        sign_ins.end_sessions(work, known.id)
    click.echo(f"the password of {name} is set")


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
