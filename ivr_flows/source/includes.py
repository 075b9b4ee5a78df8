"""What a flow takes over from shared files as it is (`include`), and where a node of its own takes the place of one.

No name means two nodes by accident: two files with one name are a fault, and so is a node that hides an included one
without `replaces = true`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ivr_flows.source.problems import Fault, FlowError
from ivr_flows.source.schema import PartShape
from ivr_flows.source.tables import Origin, Source, field_line, line_of, shaped

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
