"""The kinds of nodes a flow is written of, as a table for docs/flows.md. Fields come from the shapes, so they cannot differ."""

from collections.abc import Iterator
from typing import get_args

from ivr_flows.source.schema import NODE, Choice, Exit, WaitingChoice
from ivr_flows.source.tables import Shape

WHAT: dict[str, str] = {
    "say": "speaks and goes on; `wishes` are made in passing",
    "goto": "only goes on",
    "menu": "speaks, then listens for one key, or for words that mean it",
    "survey": "asks a question whose answer is kept: solved, satisfied (follow-up) or service (after a talk)",
    "input": "takes digits: a ticket, its code, a number to call back, a desk's work number; `confirm` reads them back",
    "hours": "goes on by a schedule of `config/city/example/callers.toml`",
    "entry": "goes on by the number that was dialled",
    "condition": "goes on by what is known of the caller: withheld, often, known",
    "notices": "tells what the console has announced, such as an outage",
    "ticket_status": "tells the state of a ticket, by its number or by the caller's own, always with its code",
    "lookup": "asks a system of the city's own (`config/city/example/callers.toml`)",
    "callback": "promises a call back, at the number typed before or the caller's own",
    "transfer": "connects to a number of `config/city/example/callers.toml`",
    "voicemail": "records a message, which becomes a ticket",
    "queue": "waits for a person; `wait` is what is heard there beside place and time",
    "subflow": "another file of `shared/`, laid in; `exits` say where each of its `exit:NAME` leads",
    "hang_up": "speaks a last word and ends the call",
}
"""Kind -> what it does."""


def kinds_table() -> str:
    """Return every kind of node with its fields; those in brackets may be left out."""
    lines = ["| kind | what it does | fields |", "|---|---|---|"]
    for shape in shapes():
        kind = kind_of(shape)
        lines.append(f"| `{kind}` | {WHAT[kind]} | {_fields(shape)} |")
    for name, piece in (("a key", Choice), ("a key while waiting", WaitingChoice), ("a way out", Exit)):
        lines.append(f"| *{name}* | | {_fields(piece)} |")
    return "\n".join(lines)


def shapes() -> Iterator[type[Shape]]:
    """Yield the shape of every kind of node."""
    yield from get_args(get_args(NODE)[0])


def kind_of(shape: type[Shape]) -> str:
    return str(get_args(shape.model_fields["kind"].annotation)[0])


def _fields(shape: type[Shape]) -> str:
    fields = {name: field.is_required() for name, field in shape.model_fields.items() if name != "kind"}
    ordered = sorted(fields, key=lambda name: not fields[name])
    return ", ".join(f"`{name}`" if fields[name] else f"[`{name}`]" for name in ordered)
