"""Brings flows and prompts from the city's TOML files, whole or not at all.

A loaded `Script` carries its own words and the source both came from, so that a call can end in the conversation
it began with, whatever has been edited meanwhile. Its version is a short hash of that source.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from hotline.rules.enums import CallPurpose, Language
from hotline.rules.policies import Policies
from ivr_flows.flow import Flow, Menu, lines_of
from ivr_flows.lint import Told, check_flow
from ivr_flows.lint.prompts import check_prompts
from ivr_flows.source.assembly import Assembled, assemble
from ivr_flows.source.problems import FlowError
from ivr_flows.source.prompts import DOOR_PROMPTS, Catalogue, CatalogueShape, Prompts
from ivr_flows.source.tables import (
    Origin,
    Shape,
    Source,
    Table,
    field_line,
    lies_too_deep,
    parse_source,
    read_source,
    shaped,
    too_deep,
    whole_file,
)

OUR_FILES = Path(__file__).parent
"""The flows and prompts that come with the product: `flows/*.toml`, `flows/shared/*.toml`, `prompts/*.toml`."""


@dataclass(frozen=True, slots=True)
class Script:
    """A flow with the words it speaks. `source` is JSON of all tables it came from: enough to read it again."""

    flow: Flow
    prompts: Prompts
    source: str


class _Kept(Shape):
    """What the source of a script holds: the tables of its file, of the parts it includes and of the words it needs."""

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
    """Load every flow in `folder`/flows with the words in `folder`/prompts, by name.

    Raises FlowError with every fault of every file, and if a purpose of calls has no flow, or more than one answer.
    """
    words = _read_words(folder / "prompts")
    scripts: dict[str, Script] = {}
    faults: list[FlowError] = []
    for path in sorted((folder / "flows").glob("*.toml")):
        try:
            script = _load(read_source(path), words, policies)
        except FlowError as error:
            faults.append(error)
            continue
        if script.flow.name in scripts:
            raise whole_file(
                path,
                f"is a second flow called {script.flow.name!r}",
                "calls could not tell them apart",
                "Rename one.",
            )
        scripts[script.flow.name] = script
    if faults:
        raise FlowError(*dict.fromkeys(fault for error in faults for fault in error.faults))
    _demand_purposes(scripts, folder / "flows", policies.callers.inbound)
    return scripts


def _demand_purposes(scripts: Mapping[str, Script], folder: Path, inbound: str) -> None:
    """Refuse a set of flows in which some calls would have no answer. Raises FlowError."""
    found = scripts.get(inbound)
    if found is None or found.flow.purpose is not CallPurpose.INBOUND:
        raise whole_file(
            folder,
            f"has no flow {inbound!r} for incoming calls",
            "config/city/example/callers.toml says that it answers the line",
            "Write it, or name another there as `inbound`.",
        )
    for purpose in set(CallPurpose) - {CallPurpose.INBOUND}:
        serving = sorted(name for name, script in scripts.items() if script.flow.purpose is purpose)
        if not serving:
            raise whole_file(
                folder, f"has no flow for {purpose}", "such calls must be answered", "Write one."
            )
        if len(serving) > 1:
            why = f"{' and '.join(serving)} do"
            raise whole_file(folder, f"has more than one flow for {purpose}", why, "Keep one of them.")


def load_flow(path: Path, policies: Policies, prompts: Path = OUR_FILES / "prompts") -> Script:
    """Load one flow file with the words in the folder `prompts`; parts lie in `shared/` beside it. Raises FlowError.

    A file that lies by itself, without such a folder, has the parts that come with the product.
    """
    return _load(read_source(path), _read_words(prompts), policies)


def read_draft(text: str, policies: Policies, folder: Path = OUR_FILES, name: str = "draft.toml") -> Script:
    """Read a flow somebody has written but not saved; parts and words come from `folder`. Raises FlowError."""
    source = parse_source(folder / "flows" / name, text)
    return _load(source, _read_words(folder / "prompts"), policies)


def script_of(source: str, policies: Policies) -> Script:
    """Read a script kept in the database. Raises FlowError if it no longer makes sense to this program."""
    whole = _tables(Path("a script (kept)"), source)
    kept = shaped(_Kept, whole, whole.table)
    path = Path(f"{kept.flow.get('name', 'flow')} (kept)")
    parts = {name: Source(path, "", table) for name, table in kept.parts.items()}
    return _script(Source(path, "", kept.flow), parts, kept.prompts, policies)


def _tables(path: Path, source: str) -> Source:
    """Return the JSON that was kept as `path`. Raises FlowError for whatever is no table of text, not too deep."""
    mend = "Publish it again from its file, or restore an older one."
    try:
        tables = json.loads(source)
    except ValueError as error:
        raise whole_file(path, "is not JSON", str(error), mend) from None
    except RecursionError:
        raise too_deep(path) from None
    if not isinstance(tables, dict):
        raise whole_file(path, "is no table of tables", "a flow and its prompts are needed", mend)
    if lies_too_deep(tables):
        raise too_deep(path)
    try:
        json.dumps(tables, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise whole_file(path, "is not text", error.reason, mend) from None
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
        name: shaped(CatalogueShape, Source(own.path, "", raw), raw).catalogue(name)
        for name, raw in words.items()
    }
    flow = _flow(assembled)
    told = check_flow(flow, catalogues, policies)
    if told:
        faults = ((each, _origin(each, assembled, own)) for each in told)
        raise FlowError(*(each.fault(str(origin.path), origin.line) for each, origin in faults))
    kept, spoken = _what_is_used(flow, words, catalogues)
    tables = {"flow": dict(own.table), "parts": used_parts, "prompts": kept}
    source = json.dumps(tables, ensure_ascii=False, sort_keys=True)
    version = sha256(source.encode()).hexdigest()[:12]
    return Script(replace(flow, version=version), spoken, source)


def _origin(told: Told, assembled: Assembled, own: Source) -> Origin:
    return assembled.origins.get(told.place) or Origin(own.path, field_line(own.text, told.field))


def _flow(assembled: Assembled) -> Flow:
    shape = assembled.shape
    return Flow(shape.name, "", shape.purpose, shape.entry, shape.person, dict(assembled.nodes), shape.after)


def _what_is_used(
    flow: Flow, words: Mapping[Language, Table], catalogues: Prompts
) -> tuple[dict[str, Any], dict[Language, Catalogue]]:
    """Return the prompt tables and the catalogues with only what this flow and the program itself can say or hear."""
    nodes = flow.nodes.values()
    said = {line.prompt for node in nodes for line, _ in lines_of(node)} | set(DOOR_PROMPTS)
    heard = {each.words for node in nodes if isinstance(node, Menu) for each in node.keys.values()}
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
        catalogues[language] = shaped(CatalogueShape, source, source.table).catalogue(language)
    wrong = [told.fault(str(folder / f"{language}.toml")) for language, told in check_prompts(catalogues)]
    if wrong:
        raise FlowError(*wrong)
    return words
