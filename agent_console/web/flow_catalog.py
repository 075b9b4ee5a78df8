"""What the desk asks about flows, and of whom: the caller's door is not ours to open, so the roof hands us this book of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from hotline.rules.enums import CallPurpose, Language
from hotline.services.flow_publications import Edition

Said = Mapping[Language, str]
"""The same words in every language of the desks."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a draft: where, what, why it matters, how to mend it. `line` and `column` 0: not known."""

    file: str
    line: int
    column: int
    node: str
    what: Said
    why: Said
    mend: Said

    @property
    def where(self) -> str:
        """Return file:line:column, as far as known."""
        return ":".join([self.file, *(str(number) for number in (self.line, self.column) if number)])


class DraftRefused(Exception):
    """Callers would not be safe in it; `findings` says everything that is wrong."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__(f"{len(findings)} findings")
        self.findings = findings


@dataclass(frozen=True, slots=True)
class Draft:
    """A flow that was checked and may answer calls of `purpose`."""

    purpose: CallPurpose
    edition: Edition
    nodes: int


class FlowBook(Protocol):
    """The city's flows, read and drawn. Pure: nothing of it is kept or published by these."""

    def of_files(self, purpose: CallPurpose) -> Draft:
        """Return what answers calls of `purpose` while nothing is published."""
        ...

    def file_texts(self) -> Mapping[str, str]:
        """Return the flows of the city's files as they are written, by name."""
        ...

    def read(self, text: str) -> Draft:
        """Check a draft as somebody wrote it, to the last document. Raises DraftRefused."""
        ...

    def recall(self, source: str) -> Draft:
        """Return what was published some time, as the caller's door would read it. Raises DraftRefused if it could not."""
        ...

    def read_kept(self, source: str) -> Draft:
        """Check what was published some time before it is published again, like a draft. Raises DraftRefused."""
        ...

    def draw(self, source: str, language: Language, counts: Mapping[str, int] | None) -> str:
        """Return the picture (SVG) with the callers on each way, or without. Raises DraftRefused."""
        ...
