"""Interface through which the console checks, compares and edits the city's data. `config` provides the implementation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from hotline.rules.city import CityKind
from hotline.services.city.data import CityData
from hotline.unit_of_work import ReadSession

Texts = Mapping[CityKind, str]


@dataclass(frozen=True, slots=True)
class TextProblem:
    """A problem of a text: the key (empty: the whole text), reason with remedy in English and Chinese, and line (0: unknown)."""

    kind: CityKind | None
    key: str
    reason: str
    line: int
    reason_zh: str = ""


class CityRefused(Exception):
    """Texts did not pass the check; `problems` lists everything."""

    def __init__(self, problems: tuple[TextProblem, ...]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that differs between two versions; empty: it is not there. `entry` names the row of a list, such as a unit."""

    kind: CityKind
    entry: str
    key: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class FormField:
    """A value of a form. `name` is its path in the text, `key` the same without the numbers and names of rows.

    `source`, `jurisdiction` and `since` tell where the value comes from. `is_dated`: several values follow each other, which
    the form cannot change. `hint` is the comment beside the value in the text.
    """

    name: str
    key: str
    input: Literal["text", "number", "check", "lines", "choice", "limit"]
    value: str
    choices: tuple[str, ...] = ()
    # Of a limit, `5 business_days`: the number is the value, and this is the unit.
    unit: str = ""
    hint: str = ""
    is_required: bool = True
    has_origin: bool = False
    source: str = ""
    jurisdiction: str = ""
    since: str = ""
    is_dated: bool = False


@dataclass(frozen=True, slots=True)
class FormRow:
    """One row of a list. A row that is empty is for a new entry."""

    name: str
    fields: tuple[FormField, ...]
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class FormSection:
    """A table of the text: single values, and for a list its rows. `key` is its path."""

    key: str
    fields: tuple[FormField, ...] = ()
    rows: tuple[FormRow, ...] = ()
    is_list: bool = False


class CityCatalog(Protocol):
    """Reads, checks and edits the city's texts. No method stores or publishes anything."""

    @property
    def data(self) -> CityData:
        """Returns the data in force in this process."""
        ...

    @property
    def texts(self) -> Texts:
        """Returns the texts in force in this process."""
        ...

    def complete(self, texts: Texts) -> dict[CityKind, str]:
        """Returns `texts` with the shipped text of each kind that they lack, being older than the kind."""
        ...

    def check(self, session: ReadSession | None, texts: Texts, before: Texts | None) -> CityData:
        """Checks `texts` in full, the flows that use them included, as successors of `before`. Raises CityRefused.

        Without a session the published flows are left out.
        """
        ...

    def differences(self, before: Texts, after: Texts) -> tuple[Difference, ...]:
        """Returns the values that differ, in the order of the texts; nothing for a text that is no TOML."""
        ...

    def form(self, kind: CityKind, text: str) -> tuple[FormSection, ...] | None:
        """Returns the form of a text, filled in; None for a text that is no TOML or has a shape the form cannot show."""
        ...

    def filled(self, kind: CityKind, text: str, form: Mapping[str, str]) -> str:
        """Returns `text` with the values of a form in it; its comments and its order stay."""
        ...
