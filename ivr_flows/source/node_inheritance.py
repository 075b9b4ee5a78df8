"""`like = "other"`: a node that is everything another one is, except for what it says itself."""

from collections.abc import Mapping
from typing import Any

from ivr_flows.source.problems import Fault, FlowError
from ivr_flows.source.tables import Origin

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
