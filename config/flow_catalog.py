"""The caller's door as the desk's door may see it: flows read, checked and drawn, nothing played."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from agent_console.web.flow_catalog import Draft, DraftRefused, Finding
from config.document_check import refused_documents
from hotline.rules.enums import CallPurpose, Language
from hotline.rules.policies import Policies
from ivr_flows.diagram import draw
from ivr_flows.loader import OUR_FILES, Script, load_flow, read_draft, script_of
from ivr_flows.source.problems import Fault, FlowError, said
from ivr_flows.webhooks.flow_registry import FlowShelf, edition_of


@dataclass(frozen=True, slots=True)
class CityFlows:
    """Implements `agent_console.web.flow_catalog.FlowCatalog` for the flows of this installation."""

    shelf: FlowShelf
    policies: Policies

    def of_files(self, purpose: CallPurpose) -> Draft:
        return _draft(self.shelf.of_files(purpose))

    def file_texts(self) -> Mapping[str, str]:
        names = (script.flow.name for script in self.shelf.all_of_files())
        paths = {name: OUR_FILES / "flows" / f"{name}.toml" for name in names}
        return {name: path.read_text(encoding="utf-8") for name, path in paths.items() if path.exists()}

    def read(self, text: str) -> Draft:
        return self._sound(_read(partial(read_draft, text, self.policies)))

    def read_file(self, path: Path) -> Draft:
        """Check a draft that lies in a file, as `hotline flows check` would read it. Raises DraftRefused."""
        return self._sound(_read(partial(load_flow, path, self.policies)))

    def recall(self, source: str) -> Draft:
        return _draft(self._script(source))

    def read_kept(self, source: str) -> Draft:
        return self._sound(self._script(source))

    def draw(self, source: str, language: Language, counts: Mapping[str, int] | None) -> str:
        return draw(self._script(source), language, counts)

    def _sound(self, script: Script) -> Draft:
        """Return a flow whose every document a carrier would run. Raises DraftRefused."""
        faults = tuple(refused_documents(script, self.policies))
        if faults:
            raise _refused(FlowError(*faults))
        return _draft(script)

    def _script(self, source: str) -> Script:
        return _read(partial(script_of, source, self.policies))


def _read(script: Callable[[], Script]) -> Script:
    try:
        return script()
    except FlowError as error:
        raise _refused(error) from error


def _draft(script: Script) -> Draft:
    return Draft(script.flow.purpose, edition_of(script), len(script.flow.nodes))


def _refused(error: FlowError) -> DraftRefused:
    return DraftRefused(tuple(_finding(fault) for fault in error.told()))


def _finding(fault: Fault) -> Finding:
    what, why, mend = (
        {language: said(words, language) for language in Language}
        for words in (fault.what, fault.why, fault.mend)
    )
    return Finding(_shown(Path(fault.file)), fault.line, fault.column, fault.place, what, why, mend)


def _shown(path: Path) -> str:
    """Return a file as its author knows it: below the folder of flows, never where this machine keeps it."""
    for folder in (OUR_FILES / "flows", OUR_FILES):
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return path.name
