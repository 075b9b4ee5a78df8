"""Brings flows and prompts from the city's TOML files, whole or not at all.

A loaded `Script` carries its own words and the source both came from, so that a call can end in the conversation
it began with, whatever has been edited meanwhile. Its version is a short hash of that source.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from hotline.rules.words import CallPurpose, Language
from ivr_flows.checks import check_flow, check_prompts
from ivr_flows.faults import Fault, FlowError
from ivr_flows.flow import Flow, lines_of
from ivr_flows.prompts import DOOR_PROMPTS, Catalogue, Prompts
from ivr_flows.shapes import CatalogueShape, FlowShape

Table = dict[str, Any]
Shape = TypeVar("Shape", bound=BaseModel)

OUR_FILES = Path(__file__).parent
"""The flows and prompts that come with the product: `flows/*.toml` and `prompts/*.toml`."""


@dataclass(frozen=True, slots=True)
class Script:
    """A flow with the words it speaks. `source` is JSON of both tables: enough to read the script again."""

    flow: Flow
    prompts: Prompts
    source: str


def load_scripts(folder: Path = OUR_FILES) -> dict[CallPurpose, Script]:
    """Load every flow in `folder`/flows with the words in `folder`/prompts: one flow for each purpose of a call.

    Raises FlowError with every fault found.
    """
    words = _read_words(folder / "prompts")
    scripts: dict[CallPurpose, Script] = {}
    for path in sorted((folder / "flows").glob("*.toml")):
        script = _load(path, words)
        purpose = script.flow.purpose
        if purpose in scripts:
            other = scripts[purpose].flow.name
            raise _whole_file(
                path, f"is a second flow for {purpose}", f"{other!r} serves it", "Keep one of them."
            )
        scripts[purpose] = script
    for purpose in CallPurpose:
        if purpose not in scripts:
            raise _whole_file(
                folder / "flows", f"has no flow for {purpose}", "such calls must be answered", "Write one."
            )
    return scripts


def load_flow(path: Path, prompts: Path = OUR_FILES / "prompts") -> Script:
    """Load one flow file with the words in the folder `prompts`. Raises FlowError."""
    return _load(path, _read_words(prompts))


def script_of(source: str) -> Script:
    """Read a script kept in the database. Raises FlowError if it no longer makes sense to this program."""
    kept = json.loads(source)
    path = Path(f"{kept['flow'].get('name', 'flow')} (kept)")
    words = {Language(name): table for name, table in kept["prompts"].items()}
    return _script(path, "", kept["flow"], words)


def _load(path: Path, words: Mapping[Language, Table]) -> Script:
    text, table = _read_table(path)
    for name in table.pop("include", []):
        _, shared = _read_table(path.parent / "shared" / f"{name}.toml")
        own = table.get("nodes", {})
        table["nodes"] = {**shared.get("nodes", {}), **own} if isinstance(own, dict) else own
    return _script(path, text, table, words)


def _script(path: Path, text: str, table: Table, words: Mapping[Language, Table]) -> Script:
    shape = _shaped(FlowShape, path, text, table)
    catalogues = {name: _shaped(CatalogueShape, path, "", raw).catalogue() for name, raw in words.items()}
    flow = shape.flow("")
    told = check_flow(flow, catalogues)
    if told:
        raise FlowError(*(each.fault(str(path), _line_of(text, each.place)) for each in told))
    used = {line.prompt for node in flow.nodes.values() for line, _ in lines_of(node)} | set(DOOR_PROMPTS)
    source = _source(table, {name: _only(raw, used) for name, raw in words.items()})
    spoken = {
        name: Catalogue(whole.speech, {key: whole.texts[key] for key in used & set(whole.texts)})
        for name, whole in catalogues.items()
    }
    version = sha256(source.encode()).hexdigest()[:12]
    return Script(replace(flow, version=version), spoken, source)


def _source(table: Table, words: Mapping[Language, Table]) -> str:
    return json.dumps({"flow": table, "prompts": words}, ensure_ascii=False, sort_keys=True)


def _only(raw: Table, used: set[str]) -> Table:
    return {**raw, "prompts": {key: text for key, text in raw["prompts"].items() if key in used}}


def _read_words(folder: Path) -> dict[Language, Table]:
    words: dict[Language, Table] = {}
    catalogues: dict[Language, Catalogue] = {}
    for language in Language:
        path = folder / f"{language}.toml"
        text, words[language] = _read_table(path)
        catalogues[language] = _shaped(CatalogueShape, path, text, words[language]).catalogue()
    wrong = [told.fault(str(folder / f"{language}.toml")) for language, told in check_prompts(catalogues)]
    if wrong:
        raise FlowError(*wrong)
    return words


def _read_table(path: Path) -> tuple[str, Table]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise _whole_file(
            path, "does not exist", "it is needed here", "Write it, or mend its name."
        ) from None
    except UnicodeDecodeError as error:
        raise _whole_file(path, "is not UTF-8 text", str(error), "Save it as UTF-8.") from None
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        line = int(at[1]) if at else text.count("\n") + 1
        raise FlowError(Fault(str(path), "", "is not TOML", str(error), "Mend this line.", line)) from None


def _shaped(kind: type[Shape], path: Path, text: str, table: Table) -> Shape:
    try:
        return kind.model_validate(table)
    except ValidationError as error:
        raise FlowError(*_misshapen(error, path, text)) from None


def _misshapen(error: ValidationError, path: Path, text: str) -> Iterator[Fault]:
    for each in error.errors(include_url=False):
        loc = [str(part) for part in each["loc"]]
        in_node = loc[:1] == ["nodes"] and len(loc) > 1
        place = loc[1] if in_node else ""
        field = ".".join(loc[3:] if in_node else loc) or "kind"
        given = "" if each["type"] == "missing" else f", given {str(each['input'])[:60]!r}"
        yield Fault(
            str(path),
            place,
            f"{field}{given}",
            each["msg"],
            _MENDS.get(each["type"], ""),
            _line_of(text, place),
        )


_MENDS = {
    "missing": "Add it.",
    "extra_forbidden": "Remove it, or mend its name.",
    "union_tag_invalid": "kind is say, menu, queue, do or hang_up.",
    "union_tag_not_found": "Add kind = say, menu, queue, do or hang_up.",
    "string_pattern_mismatch": "Keys are 0-9, * or #; names are small letters, digits and _.",
    "too_short": "Write at least one.",
}


def _line_of(text: str, place: str) -> int:
    """Return the line where a node begins, or 0."""
    found = re.search(rf"^\[nodes\.{re.escape(place)}[.\]]", text, re.MULTILINE) if place else None
    return text.count("\n", 0, found.start()) + 1 if found else 0


def _whole_file(path: Path, what: str, why: str, mend: str) -> FlowError:
    return FlowError(Fault(str(path), "", what, why, mend))
