"""Lays the parts of a flow together: its own nodes, those it includes, and subflows under their own names.

A subflow `status` laid in as node `look` brings its nodes as `look.entry`, `look.code` …; its `exit:done` leads where the
flow's `exits.done` says. So the engine, the lint and the picture see one flow and know nothing of files.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from ivr_flows.exits import retarget, ways
from ivr_flows.flow import Node, Say
from ivr_flows.source.includes import Part, included, no_such_file, nodes_of, own_nodes
from ivr_flows.source.node_inheritance import alike
from ivr_flows.source.problems import Fault, FlowError
from ivr_flows.source.schema import NODE, FlowShape, PartShape, Subflow
from ivr_flows.source.tables import Origin, Source, field_line, line_of, shaped

DEEPEST = 4
"""Subflows within subflows, at most."""
EXIT = "exit:"


@dataclass(frozen=True, slots=True)
class Assembled:
    """All nodes of a flow by their full names, and where each was written."""

    shape: FlowShape
    nodes: Mapping[str, Node]
    origins: Mapping[str, Origin]


Laid = tuple[dict[str, Node], dict[str, Origin]]


def assemble(own: Source, part: Part) -> Assembled:
    """Return the flow of `own` with every part laid in. Raises FlowError."""
    parts = included(own, part)
    origins = {name: origin for source in (*parts, own) for name, origin in _origins(source)}
    table = {key: value for key, value in own.table.items() if key != "include"}
    if isinstance(own.table.get("nodes", {}), dict):
        shared = {name: node for source in parts for name, node in nodes_of(source).items()}
        table["nodes"] = alike({**shared, **own_nodes(own)}, origins)
    try:
        shape = shaped(FlowShape, own, table)
    except FlowError as error:
        raise FlowError(*(_at_home(fault, origins) for fault in error.faults)) from None
    made, places = _lay_all(_Layer("", str, origins, DEEPEST), shape.nodes, part)
    return Assembled(shape, made, places)


def _origins(source: Source) -> Iterator[tuple[str, Origin]]:
    for name in nodes_of(source):
        yield name, Origin(source.path, line_of(source.text, name))


def _at_home(fault: Fault, origins: Mapping[str, Origin]) -> Fault:
    """Return a fault with the file in which its node was written."""
    origin = origins.get(fault.place)
    return fault if origin is None else replace(fault, file=str(origin.path), line=origin.line)


@dataclass(frozen=True, slots=True)
class _Layer:
    """Where nodes are being laid: full names begin with `prefix`, and `target` says where one that they name lies."""

    prefix: str
    target: Callable[[str], str]
    origins: Mapping[str, Origin]
    deeper: int
    """So many subflows may still lie in each other."""


def _lay_all(layer: _Layer, written: Mapping[str, NODE], part: Part) -> Laid:
    """Return every node by its full name, subflows laid in. Raises FlowError with all that is wrong."""
    nodes: dict[str, Node] = {}
    places: dict[str, Origin] = {}
    faults: list[Fault] = []
    for name, each in written.items():
        full = layer.prefix + name
        places[full] = layer.origins[name]
        if not isinstance(each, Subflow):
            nodes[full] = retarget(each.node(), layer.target)
            continue
        exits = {exit_: layer.target(to) for exit_, to in each.exits.items()}
        try:
            laid, their_places = _lay(full, each.file, exits, part, layer)
        except FlowError as error:
            faults += error.faults
        else:
            nodes |= laid
            places |= their_places
    if faults:
        raise FlowError(*faults)
    return nodes, places


def _lay(full: str, file: str, exits: Mapping[str, str], part: Part, layer: _Layer) -> Laid:
    """Return the nodes of the subflow `file` laid in as node `full`, whose exits lead to `exits`."""
    at = layer.origins[full.removeprefix(layer.prefix)]
    if layer.deeper == 0:
        why, mend = "does one contain itself?", "Flatten them."
        raise FlowError(at.fault(full, "subflows lie too deep in each other", why, mend))
    source = part(file)
    if source is None:
        raise FlowError(no_such_file(at, full, file))
    origins = dict(_origins(source))
    written = source.table.get("nodes")
    nodes = {"nodes": alike(written, origins)} if isinstance(written, dict) else {}
    shape = shaped(PartShape, source, {**source.table, **nodes})
    faults = [*_no_entry(shape, source), *_wrong_exits(full, shape, file, exits, at)]
    if faults:
        raise FlowError(*faults)

    def target(to: str) -> str:
        return exits[to.removeprefix(EXIT)] if to.startswith(EXIT) else f"{full}.{to}"

    inner = _Layer(f"{full}.", target, origins, layer.deeper - 1)
    laid, places = _lay_all(inner, shape.nodes, part)
    return {full: Say((), f"{full}.{shape.entry}"), **laid}, places


def _no_entry(shape: PartShape, source: Source) -> Iterator[Fault]:
    if shape.entry not in shape.nodes:
        at = Origin(source.path, field_line(source.text, "entry"))
        what = f"entry = {shape.entry!r} does not exist"
        yield at.fault("", what, "a subflow begins there", "Name one of its nodes.")


def _wrong_exits(
    place: str, shape: PartShape, file: str, given: Mapping[str, str], at: Origin
) -> Iterator[Fault]:
    """Find exits of a subflow that lead nowhere, and those it does not have."""
    needed = {to.removeprefix(EXIT) for to in _targets(shape.nodes) if to.startswith(EXIT)}
    for exit_ in sorted(needed - set(given)):
        mend = f"Add {exit_} = a node to its exits."
        yield at.fault(place, f"has no exit {exit_!r}", f"subflow {file!r} ends in it", mend)
    for exit_ in sorted(set(given) - needed):
        known = ", ".join(sorted(needed)) or "none"
        what = f"has an exit {exit_!r}, which is never taken"
        yield at.fault(place, what, f"subflow {file!r} has {known}", "Remove it, or mend its name.")


def _targets(written: Mapping[str, NODE]) -> Iterator[str]:
    for name, each in written.items():
        if isinstance(each, Subflow):
            yield from each.exits.values()
        else:
            yield from (way.to for way in ways(name, each.node()))
