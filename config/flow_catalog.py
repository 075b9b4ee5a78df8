"""Implements the console's interface to flows: reading, checking and drawing them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from agent_console.web.flow_catalog import Draft, DraftRefused, Finding
from config.document_check import refused_documents
from hotline.rules.enums import CallPurpose, Language
from hotline.rules.policies import Policies
from ivr_flows.diagram import draw
from ivr_flows.flow import Script
from ivr_flows.loader import OUR_FILES, load_flow, load_stored_script, read_draft
from ivr_flows.source.problems import FlowError, FlowProblem, text_in
from ivr_flows.webhooks.flow_registry import FlowRegistry, edition_of


@dataclass(frozen=True, slots=True)
class CityFlows:
    """Implements `agent_console.web.flow_catalog.FlowCatalog` for the flows of this installation."""

    registry: FlowRegistry
    in_force: Callable[[], Policies]

    @property
    def policies(self) -> Policies:
        return self.in_force()

    def of_files(self, purpose: CallPurpose) -> Draft:
        return _draft(self.registry.from_files(purpose))

    def file_texts(self) -> Mapping[str, str]:
        names = (script.flow.name for script in self.registry.all_from_files())
        paths = {name: OUR_FILES / "flows" / f"{name}.toml" for name in names}
        return {name: path.read_text(encoding="utf-8") for name, path in paths.items() if path.exists()}

    def read(self, text: str) -> Draft:
        return self._sound(_read(partial(read_draft, text, self.policies)))

    def read_file(self, path: Path) -> Draft:
        """Checks a draft in a file as `hotline flows check` does. Raises DraftRefused."""
        return self._sound(_read(partial(load_flow, path, self.policies)))

    def recall(self, source: str) -> Draft:
        return _draft(self._script(source))

    def read_kept(self, source: str) -> Draft:
        return self._sound(self._script(source))

    def draw(self, source: str, language: Language, counts: Mapping[str, int] | None) -> str:
        return draw(self._script(source), language, counts)

    def _sound(self, script: Script) -> Draft:
        """Returns the draft of a script if the carrier would run its documents. Raises DraftRefused."""
        problems = tuple(refused_documents(script, self.policies))
        if problems:
            raise _refused(FlowError(*problems))
        return _draft(script)

    def _script(self, source: str) -> Script:
        return _read(partial(load_stored_script, source, self.policies))


def _read(script: Callable[[], Script]) -> Script:
    try:
        return script()
    except FlowError as error:
        raise _refused(error) from error


def _draft(script: Script) -> Draft:
    return Draft(script.flow.purpose, edition_of(script), len(script.flow.nodes))


def _refused(error: FlowError) -> DraftRefused:
    return DraftRefused(tuple(_finding(problem) for problem in error.listed()))


def _finding(problem: FlowProblem) -> Finding:
    what, why, remedy = (
        {language: text_in(words, language) for language in Language}
        for words in (problem.what, problem.why, problem.remedy)
    )
    return Finding(_shown(Path(problem.file)), problem.line, problem.column, problem.place, what, why, remedy)


def _shown(path: Path) -> str:
    """Returns a path below the folder of flows, never the absolute path on this machine."""
    for folder in (OUR_FILES / "flows", OUR_FILES):
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return path.name
