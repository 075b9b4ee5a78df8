"""Reads flows and prompts from the city's TOML files and checks them; either all of them are usable, or none is.

A `Script` carries its own prompts and the source of both, so that a call ends in the conversation it began with,
whatever has been edited meanwhile. Its version is a short hash of that source.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from hotline.rules.enums import CallPurpose, Language
from hotline.rules.policies import Policies
from ivr_flows.flow import Flow, MenuNode, Script, lines_of
from ivr_flows.lint import LintFinding, check_flow
from ivr_flows.lint.prompts import check_prompts
from ivr_flows.source.assembly import Assembled, assemble
from ivr_flows.source.problems import FlowError
from ivr_flows.source.prompts import CatalogueModel
from ivr_flows.source.tables import (
    FileModel,
    Origin,
    Source,
    Table,
    field_line,
    file_error,
    is_too_deep,
    parse_source,
    read_source,
    too_deep_error,
    validated,
)
from ivr_flows.speech import PROGRAM_PROMPTS, Catalogue, Prompts

# The flows and prompts that come with the product: `flows/*.toml`, `flows/shared/*.toml`, `prompts/*.toml`.
OUR_FILES = Path(__file__).parent


class _StoredScript(FileModel):
    """Schema of a script's source: the tables of its flow, of the parts it includes and of the prompts it needs."""

    flow: Table
    parts: dict[str, Table] = Field(default_factory=dict)
    prompts: dict[Language, Table]

    @field_validator("prompts")
    @classmethod
    def in_every_language(cls, prompts: dict[Language, Table]) -> dict[Language, Table]:
        if set(prompts) != set(Language):
            raise ValueError(f"a script speaks {' and '.join(Language)}")
        return prompts


def load_scripts(policies: Policies, folder: Path = OUR_FILES) -> dict[str, Script]:
    """Loads every flow in `folder`/flows with the prompts in `folder`/prompts, by name.

    Raises FlowError with every problem of every file, and if a purpose of calls has no flow or more than one.
    """
    words = _read_words(folder / "prompts")
    scripts: dict[str, Script] = {}
    problems: list[FlowError] = []
    for path in sorted((folder / "flows").glob("*.toml")):
        try:
            script = _load(read_source(path), words, policies)
        except FlowError as error:
            problems.append(error)
            continue
        if script.flow.name in scripts:
            raise file_error(
                path,
                f"is a second flow called {script.flow.name!r}",
                "calls could not tell them apart",
                "Rename one.",
            )
        scripts[script.flow.name] = script
    if problems:
        raise FlowError(*dict.fromkeys(problem for error in problems for problem in error.problems))
    _demand_purposes(scripts, folder / "flows", policies.callers.inbound)
    return scripts


def _demand_purposes(scripts: Mapping[str, Script], folder: Path, inbound: str) -> None:
    """Checks that calls of every purpose have exactly one flow. Raises FlowError."""
    found = scripts.get(inbound)
    if found is None or found.flow.purpose is not CallPurpose.INBOUND:
        raise file_error(
            folder,
            f"has no flow {inbound!r} for incoming calls",
            "callers.toml says that it answers the line",
            "Write it, or name another there as `inbound`.",
        )
    for purpose in set(CallPurpose) - {CallPurpose.INBOUND}:
        serving = sorted(name for name, script in scripts.items() if script.flow.purpose is purpose)
        if not serving:
            raise file_error(
                folder, f"has no flow for {purpose}", "such calls must be answered", "Write one."
            )
        if len(serving) > 1:
            why = f"{' and '.join(serving)} do"
            raise file_error(folder, f"has more than one flow for {purpose}", why, "Keep one of them.")


def load_flow(path: Path, policies: Policies, prompts: Path = OUR_FILES / "prompts") -> Script:
    """Loads one flow file with the prompts in the folder `prompts`. Raises FlowError.

    Shared parts are read from `shared/` beside the file; where there is no such folder, from the product's own.
    """
    return _load(read_source(path), _read_words(prompts), policies)


def read_draft(text: str, policies: Policies, folder: Path = OUR_FILES, name: str = "draft.toml") -> Script:
    """Reads a flow that has not been saved; shared parts and prompts come from `folder`. Raises FlowError."""
    source = parse_source(folder / "flows" / name, text)
    return _load(source, _read_words(folder / "prompts"), policies)


def load_stored_script(source: str, policies: Policies) -> Script:
    """Reads a script stored in the database. Raises FlowError if this version of the program cannot use it."""
    whole = _tables(Path("a script (kept)"), source)
    kept = validated(_StoredScript, whole, whole.table)
    path = Path(f"{kept.flow.get('name', 'flow')} (kept)")
    parts = {name: Source(path, "", table) for name, table in kept.parts.items()}
    return _script(Source(path, "", kept.flow), parts, kept.prompts, policies)


def _tables(path: Path, source: str) -> Source:
    """Returns the stored JSON as tables. Raises FlowError for anything but a table of text within the depth limit."""
    remedy = "Publish it again from its file, or restore an older one."
    try:
        tables = json.loads(source)
    except ValueError as error:
        raise file_error(path, "is not JSON", str(error), remedy) from None
    except RecursionError:
        raise too_deep_error(path) from None
    if not isinstance(tables, dict):
        raise file_error(path, "is no table of tables", "a flow and its prompts are needed", remedy)
    if is_too_deep(tables):
        raise too_deep_error(path)
    try:
        json.dumps(tables, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise file_error(path, "is not text", error.reason, remedy) from None
    return Source(path, "", tables)


def _load(own: Source, words: Mapping[Language, Table], policies: Policies) -> Script:
    beside = own.path.parent / "shared"
    shared = beside if beside.is_dir() else OUR_FILES / "flows" / "shared"
    parts = {path.stem: read_source(path) for path in sorted(shared.glob("*.toml"))}
    return _script(own, parts, words, policies)


def _script(
    own: Source, parts: Mapping[str, Source], words: Mapping[Language, Table], policies: Policies
) -> Script:
    used_parts: dict[str, Table] = {}

    def part(name: str) -> Source | None:
        if name in parts:
            used_parts[name] = dict(parts[name].table)
        return parts.get(name)

    assembled = assemble(own, part)
    catalogues = {
        name: validated(CatalogueModel, Source(own.path, "", raw), raw).catalogue(name)
        for name, raw in words.items()
    }
    flow = _flow(assembled)
    finding = check_flow(flow, catalogues, policies)
    if finding:
        problems = ((each, _origin(each, assembled, own)) for each in finding)
        raise FlowError(*(each.problem(str(origin.path), origin.line) for each, origin in problems))
    kept, spoken = _what_is_used(flow, words, catalogues)
    tables = {"flow": dict(own.table), "parts": used_parts, "prompts": kept}
    source = json.dumps(tables, ensure_ascii=False, sort_keys=True)
    version = sha256(source.encode()).hexdigest()[:12]
    return Script(replace(flow, version=version), spoken, source)


def _origin(finding: LintFinding, assembled: Assembled, own: Source) -> Origin:
    return assembled.origins.get(finding.place) or Origin(own.path, field_line(own.text, finding.field))


def _flow(assembled: Assembled) -> Flow:
    shape = assembled.model
    return Flow(shape.name, "", shape.purpose, shape.entry, shape.person, dict(assembled.nodes), shape.after)


def _what_is_used(
    flow: Flow, words: Mapping[Language, Table], catalogues: Prompts
) -> tuple[dict[str, Any], dict[Language, Catalogue]]:
    """Returns the prompt tables and catalogues, reduced to what this flow and the program itself can say or hear."""
    nodes = flow.nodes.values()
    said = {line.prompt for node in nodes for line, _ in lines_of(node)} | set(PROGRAM_PROMPTS)
    heard = {each.words for node in nodes if isinstance(node, MenuNode) for each in node.keys.values()}
    kept: dict[str, Any] = {}
    spoken: dict[Language, Catalogue] = {}
    for language, whole in catalogues.items():
        raw = words[language]
        kept[language] = {
            **raw,
            "prompts": _only(raw["prompts"], said),
            "words": _only(raw.get("words", {}), heard),
        }
        texts, sounds, lists = _only(whole.texts, said), _only(whole.sounds, said), _only(whole.words, heard)
        spoken[language] = Catalogue(whole.speech, texts, sounds, lists)
    return kept, spoken


def _only(table: Mapping[str, Any], used: set[str]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key in used}


def _read_words(folder: Path) -> dict[Language, Table]:
    words: dict[Language, Table] = {}
    catalogues: dict[Language, Catalogue] = {}
    for language in Language:
        source = read_source(folder / f"{language}.toml")
        words[language] = dict(source.table)
        catalogues[language] = validated(CatalogueModel, source, source.table).catalogue(language)
    wrong = [
        finding.problem(str(folder / f"{language}.toml")) for language, finding in check_prompts(catalogues)
    ]
    if wrong:
        raise FlowError(*wrong)
    return words
