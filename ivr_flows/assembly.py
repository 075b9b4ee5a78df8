"""Lays the parts of a flow together: its own nodes, those it includes, and subflows under their own names.

A subflow `status` laid in as node `look` brings its nodes as `look.entry`, `look.code` …; its `exit:done` leads where the
flow's `exits.done` says. So the engine, the lint and the picture see one flow and know nothing of files.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivr_flows.faults import Fault, FlowError
from ivr_flows.flow import Node, Say
from ivr_flows.shapes import FlowShape, PartShape, Subflow
from ivr_flows.tables import Source, line_of, shaped
from ivr_flows.ways import retarget

DEEPEST = 4
"""Subflows within subflows, at most."""
EXIT = "exit:"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a node was written."""

    path: Path
    line: int


@dataclass(frozen=True, slots=True)
class Assembled:
    """All nodes of a flow by their full names, and where each was written."""

    shape: FlowShape
    nodes: Mapping[str, Node]
    origins: Mapping[str, Origin]


Part = Callable[[str], Source]
"""Returns the shared file of that name. Raises FlowError."""


def assemble(own: Source, part: Part) -> Assembled:
    """Return the flow of `own` with every part laid in. Raises FlowError."""
    table = dict(own.table)
    origins: dict[str, Origin] = {}
    included = [part(str(name)) for name in table.pop("include", ())]
    nodes = table.get("nodes", {})
    for source in [*included, own]:
        given = source.table.get("nodes", {})
        names = given if isinstance(given, dict) else {}
        origins |= {name: Origin(source.path, line_of(source.text, name)) for name in names}
    if isinstance(nodes, dict):
        shared: dict[str, Any] = {}
        for source in included:
            shared |= source.table.get("nodes", {})
        table["nodes"] = _alike({**shared, **nodes})
    shape = shaped(FlowShape, own, table)
    made: dict[str, Node] = {}
    for name, written in shape.nodes.items():
        if isinstance(written, Subflow):
            laid, places = _lay(name, written, part, origins.get(name, Origin(own.path, 0)), DEEPEST)
            made |= laid
            origins |= places
        else:
            made[name] = written.node()
    return Assembled(shape, made, origins)


def _alike(nodes: Mapping[str, Any]) -> dict[str, Any]:
    """Return nodes in which `like = "other"` has been replaced by everything the other says and this one does not."""

    def whole(name: str, seen: frozenset[str]) -> Any:
        node = nodes[name]
        model = node.get("like") if isinstance(node, dict) else None
        if (
            not isinstance(model, str) or model not in nodes or model in seen
        ):  # the shape then complains about `like`
            return node
        own = {key: value for key, value in node.items() if key != "like"}
        return {**whole(model, seen | {name}), **own}

    return {name: whole(name, frozenset({name})) for name in nodes}


def _lay(
    name: str, written: Subflow, part: Part, at: Origin, deepest: int
) -> tuple[dict[str, Node], dict[str, Origin]]:
    """Return the nodes of a subflow laid in as node `name`, under full names, and where they were written."""
    if deepest == 0:
        raise _fault(
            at, name, "subflows lie too deep in each other", "does one contain itself?", "Flatten them."
        )
    source = part(written.file)
    written_nodes = source.table.get("nodes")
    alike = {"nodes": _alike(written_nodes)} if isinstance(written_nodes, dict) else {}
    shape = shaped(PartShape, source, {**source.table, **alike})
    if shape.entry not in shape.nodes:
        raise _fault(
            Origin(source.path, 0),
            "",
            f"entry = {shape.entry!r} does not exist",
            "a subflow begins there",
            "Name one of its nodes.",
        )
    nodes: dict[str, Node] = {name: Say((), f"{name}.{shape.entry}")}
    origins = {name: at}
    for inner, each in shape.nodes.items():
        origin = Origin(source.path, line_of(source.text, inner))
        full = f"{name}.{inner}"
        if isinstance(each, Subflow):
            raised = each.model_copy(update={"exits": _raised(name, written, each.exits, at)})
            laid, places = _lay(full, raised, part, origin, deepest - 1)
            nodes |= laid
            origins |= places
        else:
            nodes[full] = retarget(each.node(), lambda to: _target(name, written, to, at))
            origins[full] = origin
    return nodes, origins


def _raised(name: str, written: Subflow, exits: Mapping[str, str], at: Origin) -> dict[str, str]:
    return {each: _target(name, written, to, at) for each, to in exits.items()}


def _target(name: str, written: Subflow, to: str, at: Origin) -> str:
    """Return the full name of a target inside the subflow, or where one of its exits leads."""
    if not to.startswith(EXIT):
        return f"{name}.{to}"
    exit_ = to.removeprefix(EXIT)
    if exit_ not in written.exits:
        raise _fault(
            at,
            name,
            f"has no exit {exit_!r}",
            f"subflow {written.file!r} ends in it",
            f"Add {exit_} = a node to its exits.",
        )
    return written.exits[exit_]


def _fault(at: Origin, place: str, what: str, why: str, mend: str) -> FlowError:
    return FlowError(Fault(str(at.path), place, what, why, mend, at.line))
