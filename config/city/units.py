"""The file units.toml: the units of the city that handle tickets (承办单位)."""

import ipaddress
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from config.city.toml_file import BadFile, Problem, TomlSource, TomlTable, TomlText, Truth
from config.validation import expected
from hotline.rules.city import UnitEntry, UnitKind

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,31}$"), expected("small letters, digits and dashes")]


def _webhook_url(text: str) -> str:
    """Returns an https address, or an http one of this machine. Raises ValueError for any other text."""
    wrong = "must be https://host[:port]/path without user name and password (http only for 127.0.0.1, ::1 or localhost)"
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        # Reading the port checks it.
        is_good = bool(host) and parts.port != 0 and parts.username is None and not parts.fragment
    except ValueError:
        raise ValueError(wrong) from None
    has_blanks = any(sign.isspace() or not sign.isprintable() for sign in text)
    if (
        not is_good
        or has_blanks
        or not (parts.scheme == "https" or (parts.scheme == "http" and _is_local(host)))
    ):
        raise ValueError(wrong)
    return text


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class UnitTable(TomlTable):
    code: Code
    zh: Annotated[str, TomlText(80)]
    en: Annotated[str, TomlText(120)]
    webhook_url: Annotated[str, TomlText(500), AfterValidator(_webhook_url)] | None = None
    # A unit that is closed keeps its tickets and its name in files, and gets no new tickets.
    closed: Truth = False
    # The unit that took over from a closed one; open tickets move there when the change is published.
    successor: Code | None = None


class UnitsFile(TomlTable):
    department: tuple[UnitTable, ...]
    township: tuple[UnitTable, ...]
    utility: tuple[UnitTable, ...]
    institution: tuple[UnitTable, ...]


def read_units(source: TomlSource) -> tuple[UnitEntry, ...]:
    """Returns the units in the order of the text. Raises BadFile naming file, key and reason."""
    content = source.read(UnitsFile)
    found: dict[str, UnitEntry] = {}
    problems: list[Problem] = []
    successors: list[tuple[tuple[str | int, ...], UnitTable]] = []
    for kind in UnitKind:
        tables: tuple[UnitTable, ...] = getattr(content, kind.value)
        for number, table in enumerate(tables):
            place: tuple[str | int, ...] = (kind.value, number)
            if table.code in found:
                problems.append(source.problem((*place, "code"), f"{table.code!r} stands here twice"))
                continue
            if table.successor is not None:
                successors.append(((*place, "successor"), table))
            found[table.code] = UnitEntry(
                table.code, table.zh, table.en, kind, table.webhook_url, table.closed, table.successor
            )
    for path, table in successors:
        if reason := _wrong_successor(table, found):
            problems.append(source.problem(path, reason))
    if problems:
        raise BadFile(*problems)
    return tuple(found.values())


def _wrong_successor(table: UnitTable, units: dict[str, UnitEntry]) -> str:
    successor = units.get(table.successor or "")
    if not table.closed:
        return "only a closed unit has a successor: add closed = true, or leave it out"
    if successor is None:
        return f"names {table.successor!r}, which is no unit of this file"
    seen = {table.code}
    while successor is not None and successor.closed and successor.code not in seen:
        seen.add(successor.code)
        successor = units.get(successor.successor or "")
    if successor is None or successor.closed:
        return f"names {table.successor!r}, which is closed and has no open successor itself"
    return ""
