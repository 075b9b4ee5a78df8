"""Implements the console's interface to the city's data: checking, comparing and editing texts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

from agent_console.web.city_catalog import (
    CityRefused,
    Difference,
    FormSection,
    TextProblem,
    Texts,
)
from config.city.comparison import changed_values
from config.city.form import filled_text, form_of
from config.city.in_force import CityInForce
from config.city.kinds import KINDS, check_city, example_text
from config.city.problem_words import chinese_reason
from config.city.toml_file import BadFile, Problem, TomlSource
from hotline.rules.city import CityKind
from hotline.rules.enums import Language
from hotline.rules.policies import Policies
from hotline.services import flow_publications
from hotline.services.city.data import CityData
from hotline.unit_of_work import ReadSession
from ivr_flows.loader import load_scripts, load_stored_script
from ivr_flows.source.problems import FlowError, FlowProblem, text_in

_KIND_OF_FILE = {entry.file: kind for kind, entry in KINDS.items()}


@dataclass(frozen=True, slots=True)
class CityTexts:
    """Implements `agent_console.web.city_catalog.CityCatalog` for the city of this installation."""

    in_force: CityInForce
    clock: Callable[[], datetime]
    zone: ZoneInfo
    number: str

    @property
    def data(self) -> CityData:
        return self.in_force.data

    @property
    def texts(self) -> Texts:
        return self.in_force.texts

    def complete(self, texts: Texts) -> dict[CityKind, str]:
        return {kind: texts[kind] if kind in texts else example_text(kind) for kind in CityKind}

    def check(self, session: ReadSession | None, texts: Texts, before: Texts | None) -> CityData:
        today = self.clock().astimezone(self.zone).date()
        try:
            read = check_city(texts, day=today, zone=self.zone, number=self.number)
        except BadFile as bad:
            raise CityRefused(tuple(_problem(each) for each in bad.problems)) from bad
        problems = [
            *self._flow_problems(session, read.data.policies),
            *(self._changes_of_the_past(texts, before, today) if before is not None else ()),
        ]
        if problems:
            raise CityRefused(tuple(problems))
        return read.data

    def differences(self, before: Texts, after: Texts) -> tuple[Difference, ...]:
        return tuple(
            chain.from_iterable(
                (
                    Difference(kind, *change)
                    for change in changed_values(before.get(kind, ""), after.get(kind, ""))
                )
                for kind in CityKind
                if before.get(kind) != after.get(kind)
            )
        )

    def form(self, kind: CityKind, text: str) -> tuple[FormSection, ...] | None:
        return form_of(KINDS[kind].schema, text)

    def filled(self, kind: CityKind, text: str, form: Mapping[str, str]) -> str:
        return filled_text(KINDS[kind].schema, text, form)

    def _flow_problems(self, session: ReadSession | None, policies: Policies) -> list[TextProblem]:
        """Returns what the flows need and these texts do not have: those of the files, and those in force."""
        found: list[FlowError] = []
        try:
            load_scripts(policies)
        except FlowError as error:
            found.append(error)
        for source in _published_sources(session) if session is not None else ():
            try:
                load_stored_script(source, policies)
            except FlowError as error:
                found.append(error)
        listed = dict.fromkeys(problem for error in found for problem in error.listed())
        return [_flow_problem(problem) for problem in listed]

    def _changes_of_the_past(self, texts: Texts, before: Texts, today: date) -> list[TextProblem]:
        """Returns the values that would become valid before today: what was promised under the old ones stays.

        The name of the carrier's queue stays too, because callers may wait in it.
        """
        problems = []
        for kind, entry in KINDS.items():
            if texts.get(kind) == before.get(kind):
                continue
            old = TomlSource.parse(entry.file, before.get(kind, ""), today)
            new = TomlSource.parse(entry.file, texts.get(kind, ""), today)
            for path, origin in new.origins.items():
                earlier = old.origins.get(path)
                starts = origin.first
                if starts is None or starts >= today or (earlier is not None and earlier.first == starts):
                    continue
                problem = new.problem(
                    path, f"is valid from {starts}, which is past: the earliest day is today, {today}"
                )
                problems.append(_problem(problem))
            if (
                kind is CityKind.POLICIES
                and old.values.get("queue", {}).get("name") != new.values["queue"]["name"]
            ):
                problems.append(
                    _problem(
                        new.problem(("queue", "name"), "stays as it is: callers may be waiting in this queue")
                    )
                )
        return problems


def _published_sources(session: ReadSession) -> list[str]:
    """Returns the sources of the flows that are published now; one whose source is lost is left out."""
    kept = (
        flow_publications.find_source(session, each.flow, each.version)
        for each in flow_publications.current(session).values()
    )
    return [source for source in kept if source is not None]


def _flow_problem(problem: FlowProblem) -> TextProblem:
    """Returns a problem of a flow that uses these texts, without the path of its file on this machine."""
    english, chinese = (
        f"{Path(problem.file).name}: {problem.place}: "
        + " ".join(text_in(words, language) for words in (problem.what, problem.why, problem.remedy))
        for language in (Language.EN, Language.ZH_CN)
    )
    return TextProblem(CityKind.CALLERS, "", english, 0, chinese)


def _problem(problem: Problem) -> TextProblem:
    return TextProblem(
        _KIND_OF_FILE.get(problem.file),
        problem.key,
        problem.reason,
        problem.line,
        chinese_reason(problem.reason),
    )
