"""The click group that imports its subcommands when they run."""

import click
import pytest
from click.testing import CliRunner

from config.lazy_group import LazyCommand, LazyGroup


@click.command()
def greet() -> None:
    """Greets."""
    click.echo("hello")


GROUP = LazyGroup(
    "group",
    lazy_commands={
        "greet": LazyCommand(f"{__name__}:greet", "Greets the user."),
        "broken": LazyCommand("no.such.module:command", "Cannot be imported."),
    },
)


def test_the_help_of_the_group_imports_no_command() -> None:
    shown = CliRunner().invoke(GROUP, ["--help"])
    assert shown.exit_code == 0
    assert [line.split() for line in shown.output.splitlines()[-2:]] == [
        ["broken", "Cannot", "be", "imported."],
        ["greet", "Greets", "the", "user."],
    ]


def test_a_command_is_imported_when_it_runs() -> None:
    assert CliRunner().invoke(GROUP, ["greet"]).output == "hello\n"
    with pytest.raises(ModuleNotFoundError):
        CliRunner().invoke(GROUP, ["broken"], catch_exceptions=False)


def test_an_unknown_command_is_status_2_with_a_similar_name() -> None:
    refused = CliRunner().invoke(GROUP, ["gret"])
    assert refused.exit_code == 2
    assert "No such command 'gret'. Did you mean 'greet'?" in refused.stderr
