"""Generates the table of node kinds for docs/flows.md. The fields come from the schema, so they cannot differ."""

from collections.abc import Iterator
from typing import get_args

from ivr_flows.source.schema import NODE, ChoiceModel, RetryLimitModel, WaitingChoiceModel
from ivr_flows.source.tables import FileModel

# Kind -> what it does.
DESCRIPTIONS: dict[str, str] = {
    "say": "speaks, performs `actions`, and goes on",
    "goto": "only goes on",
    "menu": "speaks, then listens for one key, or for words that mean it",
    "survey": "asks a question whose answer is stored: solved, satisfied (follow-up) or service (after a talk)",
    "input": "takes digits: a ticket, its code, a number to call back, a desk's work number; `confirm` reads them back",
    "hours": "goes on by a schedule of `callers.toml`",
    "entry": "goes on by the number that was dialled",
    "condition": "goes on by what is known of the caller: withheld, often, known, promised (a callback was agreed on)",
    "notices": "speaks what the console has announced, such as an outage",
    "ticket_status": "speaks the status of a ticket, found by its number or by the caller's own, always with its code",
    "matter": "speaks which matter a follow-up is about: the day it was received, its kind and its place",
    "lookup": "queries a system of the city's own (`callers.toml`)",
    "callback": "promises a callback, to the number entered before or to the caller's own",
    "transfer": "connects to a number of `callers.toml`",
    "voicemail": "records a message, which becomes a ticket",
    "queue": "waits for an operator; `wait` is spoken there after place and waiting time",
    "subflow": "places another file of `shared/`; `exits` says where each of its `exit:NAME` leads",
    "hang_up": "speaks a last time and ends the call",
}


def kinds_table() -> str:
    """Returns every kind of node with its fields; those in brackets may be left out."""
    lines = ["| kind | what it does | fields |", "|---|---|---|"]
    for shape in node_models():
        kind = kind_of(shape)
        lines.append(f"| `{kind}` | {DESCRIPTIONS[kind]} | {_fields(shape)} |")
    for name, piece in (
        ("a key", ChoiceModel),
        ("a key while waiting", WaitingChoiceModel),
        ("a limit of attempts", RetryLimitModel),
    ):
        lines.append(f"| *{name}* | | {_fields(piece)} |")
    return "\n".join(lines)


def node_models() -> Iterator[type[FileModel]]:
    """Yields the model of every kind of node."""
    yield from get_args(get_args(NODE)[0])


def kind_of(shape: type[FileModel]) -> str:
    return str(get_args(shape.model_fields["kind"].annotation)[0])


def _fields(shape: type[FileModel]) -> str:
    fields = {name: field.is_required() for name, field in shape.model_fields.items() if name != "kind"}
    ordered = sorted(fields, key=lambda name: not fields[name])
    return ", ".join(f"`{name}`" if fields[name] else f"[`{name}`]" for name in ordered)
