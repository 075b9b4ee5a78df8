"""The file units.toml: the units of the city that handle tickets (承办单位)."""

import ipaddress
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources.abc import Traversable
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from config.city.toml_file import BadFile, TomlTable, TomlText, Truth, read_toml
from config.validation import expected


class UnitKind(StrEnum):
    """Lists of units are grouped by kind."""

    DEPARTMENT = "department"
    TOWNSHIP = "township"
    UTILITY = "utility"
    INSTITUTION = "institution"


@dataclass(frozen=True, slots=True)
class UnitEntry:
    code: str
    name_zh: str
    name_en: str
    kind: UnitKind
    # The address of the unit's own system, which is notified of each ticket; its secret is never in a file.
    webhook_url: str | None = None
    closed: bool = False


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
    code: Annotated[
        str, Field(pattern=r"^[a-z][a-z0-9-]{1,31}$"), expected("small letters, digits and dashes")
    ]
    zh: Annotated[str, TomlText(80)]
    en: Annotated[str, TomlText(120)]
    webhook_url: Annotated[str, TomlText(500), AfterValidator(_webhook_url)] | None = None
    # A unit that is closed keeps its tickets and its name in files, and gets no new tickets.
    closed: Truth = False


class UnitsFile(TomlTable):
    department: tuple[UnitTable, ...]
    township: tuple[UnitTable, ...]
    utility: tuple[UnitTable, ...]
    institution: tuple[UnitTable, ...]


def read_units(file: Traversable) -> tuple[UnitEntry, ...]:
    """Returns the units in the file's order. Raises BadFile naming file, key and reason."""
    content = read_toml(file, UnitsFile)
    found: dict[str, UnitEntry] = {}
    for kind in UnitKind:
        tables: tuple[UnitTable, ...] = getattr(content, kind.value)
        for number, table in enumerate(tables, 1):
            if table.code in found:
                raise BadFile(f"{file.name}: {kind.value}[{number}].code: {table.code!r} stands here twice")
            found[table.code] = UnitEntry(
                table.code, table.zh, table.en, kind, table.webhook_url, table.closed
            )
    return tuple(found.values())
