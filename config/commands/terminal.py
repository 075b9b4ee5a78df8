"""Input of commands that a terminal does not show, and tables that it shows."""

import sys
from collections.abc import Iterable, Sequence

import click


def secret_line(name: str) -> str:
    """Returns the first line of standard input; a terminal does not show it. `name` says what it is: password, secret."""
    if sys.stdin.isatty():
        return str(click.prompt(name.capitalize(), hide_input=True, confirmation_prompt=True))
    line = sys.stdin.readline()
    if not line:
        raise click.UsageError(f"the {name} is read from standard input, which is empty")
    return line.rstrip("\r\n")


def text_table(columns: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Returns the lines under the names of their columns, each column as wide as its widest cell."""
    rows = [columns, *lines]
    widths = [max(len(row[column]) for row in rows) for column in range(len(columns))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
