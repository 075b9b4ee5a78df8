"""Assembles a flow from its own nodes, those it includes, and subflows.

A subflow `status` placed as node `look` brings its nodes as `look.entry`, `look.code` …; its `exit:done` leads where
the flow's `exits.done` says. The engine, the lint and the diagram then see one flow and know nothing of files.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ivr_flows.flow import Node, SayNode, edges_of, retarget
from ivr_flows.source.problems import FlowError, FlowProblem
from ivr_flows.source.schema import NODE, FlowModel, PartModel, SubflowModel
from ivr_flows.source.tables import Origin, Source, field_line, node_line, validated

Origins = Mapping[str, Origin]


def inherited(nodes: Mapping[str, Any], origins: Origins) -> dict[str, Any]:
    """Returns `nodes` with every `like = "other"` resolved: fields a node does not have come from the other one.

    Raises FlowError for every `like` that names no node or leads back to where it began.
    """
    problems = [problem for name in nodes for problem in _inheritance_problems(name, nodes, origins)]
    if problems:
        raise FlowError(*problems)
    return {name: _resolved(name, nodes) for name in nodes}


def _parent(node: object) -> object:
    return node.get("like") if isinstance(node, dict) else None


def _inheritance_problems(name: str, nodes: Mapping[str, Any], origins: Origins) -> list[FlowProblem]:
    model = _parent(nodes[name])
    if model is None:
        return []
    if not isinstance(model, str) or model not in nodes:
        why, remedy = (
            "a node can only be like another one of its file or of those it includes",
            "Correct the name.",
        )
        return [origins[name].problem(name, f"is like {model!r}, which does not exist", why, remedy)]
    if not isinstance(nodes[model], dict):
        why, remedy = "a node is a table of fields", f"Write [nodes.{model}], or correct the name."
        return [origins[name].problem(name, f"is like {model!r}, which is no node", why, remedy)]
    seen = {name}
    while isinstance(model, str) and model in nodes and model not in seen:
        seen.add(model)
        model = _parent(nodes[model])
    if model != name:
        return []
    why, remedy = "following `like` leads back to it", "Write one of these nodes in full."
    return [origins[name].problem(name, "is like itself", why, remedy)]


def _resolved(name: str, nodes: Mapping[str, Any]) -> Any:
    whole = nodes[name]
    model = _parent(whole)
    while model is not None:
        whole = {**nodes[str(model)], **{key: value for key, value in whole.items() if key != "like"}}
        model = whole.pop("like", None)
    return whole


# The field by which a node of a flow replaces the included node of the same name.
REPLACES = "replaces"
# Returns the shared file of that name, or None.
Part = Callable[[str], Source | None]


def included(own: Source, part: Part) -> list[Source]:
    """Returns the files that `own` includes. Raises FlowError for missing, malformed or conflicting ones.

    No name means two nodes by accident: two files with one name are a problem, and so is a node that hides an
    included one
    without `replaces = true`.
    """
    names = own.table.get("include", [])
    here = Origin(own.path, field_line(own.text, "include"))
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        what = f"include, given {str(names)[:60]!r}"
        raise FlowError(here.problem("", what, "it is a list of shared files", 'Write include = ["person"].'))
    found = {name: part(name) for name in names}
    missing = [name for name, source in found.items() if source is None]
    if missing:
        raise FlowError(*(missing_file(here, "", name) for name in missing))
    sources = [source for source in found.values() if source is not None]
    problems = [problem for source in sources for problem in _part_problems(source)]
    problems += [*_clashes(sources), *_replacement_problems(own, sources)]
    if problems:
        raise FlowError(*problems)
    return sources


def nodes_of(source: Source) -> Mapping[str, Any]:
    """Returns the nodes of a file as they are written; none if `nodes` is no table."""
    nodes = source.table.get("nodes", {})
    return nodes if isinstance(nodes, dict) else {}


def own_nodes(own: Source) -> dict[str, Any]:
    """Returns the nodes of a flow without the field REPLACES."""
    return {name: _without_replaces(node) for name, node in nodes_of(own).items()}


def missing_file(at: Origin, place: str, name: str) -> FlowProblem:
    why, remedy = f"there is no shared/{name}.toml", "Write that file, or correct its name."
    return at.problem(place, f"needs {name!r}, which does not exist", why, remedy)


def _without_replaces(node: object) -> object:
    return {key: value for key, value in node.items() if key != REPLACES} if isinstance(node, dict) else node


def _part_problems(source: Source) -> tuple[FlowProblem, ...]:
    """Finds what a shared file may not contain beside its nodes, which are checked within the flow."""
    table = dict(source.table)
    if isinstance(table.get("nodes"), dict):
        table["nodes"] = {}
    try:
        validated(PartModel, source, table)
    except FlowError as error:
        return error.problems
    return ()


def _clashes(sources: list[Source]) -> Iterator[FlowProblem]:
    """Finds names that two included files give to a node."""
    first: dict[str, Source] = {}
    for source in sources:
        for name in nodes_of(source):
            other = first.setdefault(name, source)
            if other is not source:
                what = f"is a second node called {name!r}, beside the one of {other.path.name}"
                why, remedy = "a flow that includes both has only one of them", "Rename one of them."
                yield _origin(source, name).problem(name, what, why, remedy)


def _replacement_problems(own: Source, sources: list[Source]) -> Iterator[FlowProblem]:
    """Finds nodes that hide an included one without saying so, and nodes that replace none."""
    shared = {name: source for source in sources for name in nodes_of(source)}
    for name, node in nodes_of(own).items():
        said = node.get(REPLACES) if isinstance(node, dict) else None
        at = _origin(own, name)
        if said is not None and said is not True:
            remedy = f"Write {REPLACES} = true, or leave it out."
            yield at.problem(name, f"{REPLACES}, given {str(said)[:60]!r}", "it can only be true", remedy)
        elif said and name not in shared:
            why, remedy = (
                "no included file has a node of that name",
                f"Remove {REPLACES}, or correct the name.",
            )
            yield at.problem(name, "replaces nothing", why, remedy)
        elif not said and name in shared:
            what = f"hides the node {name!r} of {shared[name].path.name}"
            why, remedy = (
                "the flow does not state that it replaces that node",
                f"Rename it, or add {REPLACES} = true.",
            )
            yield at.problem(name, what, why, remedy)


def _origin(source: Source, name: str) -> Origin:
    return Origin(source.path, node_line(source.text, name))


# Levels of subflows within subflows, at most.
DEEPEST = 4
EXIT = "exit:"


@dataclass(frozen=True, slots=True)
class Assembled:
    """All nodes of a flow by their full names, with the place where each was written."""

    model: FlowModel
    nodes: Mapping[str, Node]
    origins: Mapping[str, Origin]


Laid = tuple[dict[str, Node], dict[str, Origin]]


def assemble(own: Source, part: Part) -> Assembled:
    """Returns the flow of `own` with every part placed in it. Raises FlowError."""
    parts = included(own, part)
    origins = {name: origin for source in (*parts, own) for name, origin in _origins(source)}
    table = {key: value for key, value in own.table.items() if key != "include"}
    if isinstance(own.table.get("nodes", {}), dict):
        shared = {name: node for source in parts for name, node in nodes_of(source).items()}
        table["nodes"] = inherited({**shared, **own_nodes(own)}, origins)
    try:
        shape = validated(FlowModel, own, table)
    except FlowError as error:
        raise FlowError(*(_with_origin(problem, origins) for problem in error.problems)) from None
    made, places = _lay_all(_Layer("", str, origins, DEEPEST), shape.nodes, part)
    return Assembled(shape, made, places)


def _origins(source: Source) -> Iterator[tuple[str, Origin]]:
    for name in nodes_of(source):
        yield name, Origin(source.path, node_line(source.text, name))


def _with_origin(problem: FlowProblem, origins: Mapping[str, Origin]) -> FlowProblem:
    """Returns a problem with the file in which its node was written."""
    origin = origins.get(problem.place)
    return problem if origin is None else replace(problem, file=str(origin.path), line=origin.line)


@dataclass(frozen=True, slots=True)
class _Layer:
    """The flow or subflow being placed: its `prefix` of full names, and `target`, which makes a name full."""

    prefix: str
    target: Callable[[str], str]
    origins: Mapping[str, Origin]
    # Levels of subflows that may still follow.
    deeper: int


def _lay_all(layer: _Layer, written: Mapping[str, NODE], part: Part) -> Laid:
    """Returns every node by its full name, subflows included. Raises FlowError with all problems."""
    nodes: dict[str, Node] = {}
    places: dict[str, Origin] = {}
    problems: list[FlowProblem] = []
    for name, each in written.items():
        full = layer.prefix + name
        places[full] = layer.origins[name]
        if not isinstance(each, SubflowModel):
            nodes[full] = retarget(each.node(), layer.target)
            continue
        exits = {exit_: layer.target(to) for exit_, to in each.exits.items()}
        try:
            laid, their_places = _lay(full, each.file, exits, part, layer)
        except FlowError as error:
            problems += error.problems
        else:
            nodes |= laid
            places |= their_places
    if problems:
        raise FlowError(*problems)
    return nodes, places


def _lay(full: str, file: str, exits: Mapping[str, str], part: Part, layer: _Layer) -> Laid:
    """Returns the nodes of the subflow `file`, placed as node `full`, with exits that lead to `exits`."""
    at = layer.origins[full.removeprefix(layer.prefix)]
    if layer.deeper == 0:
        why, remedy = "does one contain itself?", "Flatten them."
        raise FlowError(at.problem(full, "subflows are nested too deep", why, remedy))
    source = part(file)
    if source is None:
        raise FlowError(missing_file(at, full, file))
    origins = dict(_origins(source))
    written = source.table.get("nodes")
    nodes = {"nodes": inherited(written, origins)} if isinstance(written, dict) else {}
    shape = validated(PartModel, source, {**source.table, **nodes})
    problems = [*_no_entry(shape, source), *_wrong_exits(full, shape, file, exits, at)]
    if problems:
        raise FlowError(*problems)

    def target(to: str) -> str:
        return exits[to.removeprefix(EXIT)] if to.startswith(EXIT) else f"{full}.{to}"

    inner = _Layer(f"{full}.", target, origins, layer.deeper - 1)
    laid, places = _lay_all(inner, shape.nodes, part)
    return {full: SayNode((), f"{full}.{shape.entry}"), **laid}, places


def _no_entry(shape: PartModel, source: Source) -> Iterator[FlowProblem]:
    if shape.entry not in shape.nodes:
        at = Origin(source.path, field_line(source.text, "entry"))
        what = f"entry = {shape.entry!r} does not exist"
        yield at.problem("", what, "a subflow begins there", "Name one of its nodes.")


def _wrong_exits(
    place: str, shape: PartModel, file: str, given: Mapping[str, str], at: Origin
) -> Iterator[FlowProblem]:
    """Finds exits of a subflow that lead nowhere, and exits it does not have."""
    needed = {to.removeprefix(EXIT) for to in _targets(shape.nodes) if to.startswith(EXIT)}
    for exit_ in sorted(needed - set(given)):
        remedy = f"Add {exit_} = a node to its exits."
        yield at.problem(place, f"has no exit {exit_!r}", f"subflow {file!r} ends in it", remedy)
    for exit_ in sorted(set(given) - needed):
        known = ", ".join(sorted(needed)) or "none"
        what = f"has an exit {exit_!r}, which is never taken"
        yield at.problem(place, what, f"subflow {file!r} has {known}", "Remove it, or correct its name.")


def _targets(written: Mapping[str, NODE]) -> Iterator[str]:
    for name, each in written.items():
        if isinstance(each, SubflowModel):
            yield from each.exits.values()
        else:
            yield from (edge.to for edge in edges_of(name, each.node()))
