"""Lays the parts of a flow together: its own nodes, those it includes, and subflows under their own names.

A subflow `status` laid in as node `look` brings its nodes as `look.entry`, `look.code` …; its `exit:done` leads where the
flow's `exits.done` says. So the engine, the lint and the picture see one flow and know nothing of files.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ivr_flows.flow import Node, Say, retarget, ways
from ivr_flows.source.problems import Fault, FlowError
from ivr_flows.source.schema import NODE, FlowShape, PartShape, Subflow
from ivr_flows.source.tables import Origin, Source, field_line, line_of, shaped

Origins = Mapping[str, Origin]


def alike(nodes: Mapping[str, Any], origins: Origins) -> dict[str, Any]:
    """Return `nodes`, tables by name (what is no table stays as it is), each with what the node it is like says and it does not.

    Raises FlowError for every `like` that names no node, or that leads back to where it began.
    """
    faults = [fault for name in nodes for fault in _unlike(name, nodes, origins)]
    if faults:
        raise FlowError(*faults)
    return {name: _whole(name, nodes) for name in nodes}


def _model(node: object) -> object:
    return node.get("like") if isinstance(node, dict) else None


def _unlike(name: str, nodes: Mapping[str, Any], origins: Origins) -> list[Fault]:
    model = _model(nodes[name])
    if model is None:
        return []
    if not isinstance(model, str) or model not in nodes:
        why, mend = (
            "a node can only be like another one of its file or of those it includes",
            "Mend the name.",
        )
        return [origins[name].fault(name, f"is like {model!r}, which does not exist", why, mend)]
    if not isinstance(nodes[model], dict):
        why, mend = "a node is a table of fields", f"Write [nodes.{model}], or mend the name."
        return [origins[name].fault(name, f"is like {model!r}, which is no node", why, mend)]
    seen = {name}
    while isinstance(model, str) and model in nodes and model not in seen:
        seen.add(model)
        model = _model(nodes[model])
    if model != name:
        return []
    why, mend = "following `like` leads back to it", "Write one of these nodes in full."
    return [origins[name].fault(name, "is like itself", why, mend)]


def _whole(name: str, nodes: Mapping[str, Any]) -> Any:
    whole = nodes[name]
    model = _model(whole)
    while model is not None:
        whole = {**nodes[str(model)], **{key: value for key, value in whole.items() if key != "like"}}
        model = whole.pop("like", None)
    return whole


REPLACES = "replaces"
"""The field with which a node of a flow says that it stands for the included one of its name."""
Part = Callable[[str], Source | None]
"""Returns the shared file of that name, or None."""


def included(own: Source, part: Part) -> list[Source]:
    """Return the files that `own` includes. Raises FlowError for those that are missing, misshapen, or in each other's way."""
    names = own.table.get("include", [])
    here = Origin(own.path, field_line(own.text, "include"))
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        what = f"include, given {str(names)[:60]!r}"
        raise FlowError(here.fault("", what, "it is a list of shared files", 'Write include = ["person"].'))
    found = {name: part(name) for name in names}
    missing = [name for name, source in found.items() if source is None]
    if missing:
        raise FlowError(*(no_such_file(here, "", name) for name in missing))
    sources = [source for source in found.values() if source is not None]
    faults = [fault for source in sources for fault in _misshapen(source)]
    faults += [*_clashes(sources), *_unsaid(own, sources)]
    if faults:
        raise FlowError(*faults)
    return sources


def nodes_of(source: Source) -> Mapping[str, Any]:
    """Return the nodes of a file as they are written; none where `nodes` is no table."""
    nodes = source.table.get("nodes", {})
    return nodes if isinstance(nodes, dict) else {}


def own_nodes(own: Source) -> dict[str, Any]:
    """Return the nodes of a flow without the word that they replace others."""
    return {name: _without_word(node) for name, node in nodes_of(own).items()}


def no_such_file(at: Origin, place: str, name: str) -> Fault:
    why, mend = f"there is no shared/{name}.toml", "Write that file, or mend its name."
    return at.fault(place, f"needs {name!r}, which does not exist", why, mend)


def _without_word(node: object) -> object:
    return {key: value for key, value in node.items() if key != REPLACES} if isinstance(node, dict) else node


def _misshapen(source: Source) -> tuple[Fault, ...]:
    """Find what a shared file may not say beside its nodes; those are looked at within the flow, where they may be alike."""
    table = dict(source.table)
    if isinstance(table.get("nodes"), dict):
        table["nodes"] = {}
    try:
        shaped(PartShape, source, table)
    except FlowError as error:
        return error.faults
    return ()


def _clashes(sources: list[Source]) -> Iterator[Fault]:
    """Find names that two included files give to a node."""
    first: dict[str, Source] = {}
    for source in sources:
        for name in nodes_of(source):
            other = first.setdefault(name, source)
            if other is not source:
                what = f"is a second node called {name!r}, beside the one of {other.path.name}"
                why, mend = "a flow that includes both has only one of them", "Rename one of them."
                yield _origin(source, name).fault(name, what, why, mend)


def _unsaid(own: Source, sources: list[Source]) -> Iterator[Fault]:
    """Find nodes of a flow that hide included ones without saying so, or that say so where there is nothing to hide."""
    shared = {name: source for source in sources for name in nodes_of(source)}
    for name, node in nodes_of(own).items():
        said = node.get(REPLACES) if isinstance(node, dict) else None
        at = _origin(own, name)
        if said is not None and said is not True:
            mend = f"Write {REPLACES} = true, or leave it out."
            yield at.fault(name, f"{REPLACES}, given {str(said)[:60]!r}", "it can only be true", mend)
        elif said and name not in shared:
            why, mend = "no included file has a node of that name", f"Remove {REPLACES}, or mend the name."
            yield at.fault(name, "replaces nothing", why, mend)
        elif not said and name in shared:
            what = f"hides the node {name!r} of {shared[name].path.name}"
            why, mend = (
                "nobody has said that callers shall not come to that one",
                f"Rename it, or add {REPLACES} = true.",
            )
            yield at.fault(name, what, why, mend)


def _origin(source: Source, name: str) -> Origin:
    return Origin(source.path, line_of(source.text, name))


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
