"""Interface through which the console reads flows. `config` provides the implementation.

The console must not import `ivr_flows`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from hotline.rules.calls.flow_versions import Edition
from hotline.rules.enums import CallPurpose, Language

# The same text in every language of the console.
BilingualText = Mapping[Language, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem of a draft: its place, the reason it matters and its remedy. `line` and `column` are 0 if unknown."""

    file: str
    line: int
    column: int
    node: str
    problem: BilingualText
    reason: BilingualText
    remedy: BilingualText

    @property
    def where(self) -> str:
        """The place as file:line:column, as far as known."""
        return ":".join([self.file, *(str(number) for number in (self.line, self.column) if number)])


class DraftRefused(Exception):
    """A draft did not pass the check; `findings` lists every problem."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__(f"{len(findings)} findings")
        self.findings = findings


@dataclass(frozen=True, slots=True)
class Draft:
    """A flow that passed the check and may answer calls of `purpose`."""

    purpose: CallPurpose
    edition: Edition
    nodes: int


class FlowCatalog(Protocol):
    """Reads, checks and draws the city's flows. No method stores or publishes anything."""

    def of_files(self, purpose: CallPurpose) -> Draft:
        """Returns the flow of the city's files, which answers calls of `purpose` while nothing is published."""
        ...

    def file_texts(self) -> Mapping[str, str]:
        """Returns the source texts of the city's files, by flow name."""
        ...

    def read(self, text: str) -> Draft:
        """Checks a draft in full, including every document it produces. Raises DraftRefused."""
        ...

    def recall(self, source: str) -> Draft:
        """Reads a published source as a call would read it. Raises DraftRefused if it cannot be read."""
        ...

    def read_kept(self, source: str) -> Draft:
        """Checks a published source in full before it is published again. Raises DraftRefused."""
        ...

    def draw(self, source: str, language: Language, counts: Mapping[str, int] | None) -> str:
        """Returns the diagram (SVG), with the callers at each exit if `counts` is given. Raises DraftRefused."""
        ...
