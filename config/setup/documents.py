"""Generates the parts of docs/ and the READMEs that show tables of the code: `python -m config.setup.documents`."""

from collections.abc import Callable
from pathlib import Path

from config.setup.flow_tables import kinds_table
from config.setup.settings_tables import chinese_table, english_table
from hotline.reactions.registry import REACTIONS
from hotline.rules.enums import Role
from hotline.rules.people.actors import RIGHTS, Right
from hotline.rules.tickets.fields import (
    STATED_FIELDS,
    BooleanField,
    ChoiceField,
    FieldEntry,
    FieldKind,
    TextField,
)
from hotline.rules.tickets.rows import CHINESE_COLUMNS, FILE_FIELDS, OPTIONAL_FIELDS
from hotline.rules.tickets.transitions import TRANSITIONS, Relation

ROOT = Path(__file__).resolve().parents[2]


def ticket_table() -> str:
    """Returns the table of ticket transitions."""
    lines = [
        "| from | action | to | right | needs | sets the moment | records | effects |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in TRANSITIONS:
        origins = ", ".join(origin.value for origin in row.origins)
        right = f"{row.right.value}{'' if row.relation is Relation.ANY else f' ({row.relation.value})'}"
        cells = (
            origins,
            f"**{row.action.value}**",
            row.target.value,
            right,
            _codes(row.needs),
            _codes(row.moments),
            _codes(row.events),
            ", ".join(effect.value.replace("_", " ") for effect in row.effects) or "–",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _codes(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "–"


def ticket_fields_table() -> str:
    """Returns the table of the fields that people state about a ticket."""
    lines = [
        "| field | value | entered at | required by | in the next round | file column | API name |",
        "|---|---|---|---|---|---|---|",
    ]
    for field in STATED_FIELDS:
        required = dict.fromkeys(f"`{row.action.value}`" for row in TRANSITIONS if field.name in row.needs)
        cells = (
            f"`{field.name}`",
            _kind(field.kind),
            _ENTRIES[field.entry] if field.entry else "–",
            ", ".join(required) or "–",
            "yes" if field.carried else "–",
            f"`{field.csv}`" if field.csv else "–",
            f"`{field.api_name}`",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


_ENTRIES = {
    FieldEntry.DESK: "desk, ticket sheet, API",
    FieldEntry.REQUEST: "ticket sheet, API",
    FieldEntry.STEP: "its step only",
}


def _kind(kind: FieldKind) -> str:
    match kind:
        case TextField(limit):
            return f"text, at most {limit:,} characters"
        case ChoiceField(words):
            return ", ".join(f"`{word.value}`" for word in words)
        case BooleanField():
            return "yes or no"
        case _:
            return kind.value_type.__name__


def file_columns_table() -> str:
    """Returns the table of the columns of a ticket file."""
    lines = ["| column | in Chinese | value | must be filled |", "|---|---|---|---|"]
    for field in (*FILE_FIELDS, *OPTIONAL_FIELDS):
        cells = (
            f"`{field.csv}`",
            "、".join(CHINESE_COLUMNS[field.csv]),
            "number of another row" if field.csv == "redo_of" else _kind(field.kind),
            "yes" if field.csv_required else "optional column" if field.csv_optional else "–",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def ticket_picture() -> str:
    """Returns the diagram of ticket states as Mermaid text."""
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [
        f"    {origin.value} --> {row.target.value}: {row.action.value}"
        for row in TRANSITIONS
        for origin in row.origins
    ]
    return "\n".join([*lines, "```"])


def rights_table() -> str:
    """Returns the table of rights by role."""
    heads = " | ".join(role.value for role in Role)
    lines = [f"| right | {heads} |", "|---" * (len(Role) + 1) + "|"]
    for right in Right:
        marks = " | ".join("●" if right in RIGHTS[role] else "" for role in Role)
        lines.append(f"| {right.value} | {marks} |")
    return "\n".join(lines)


def reactions_table() -> str:
    """Returns the table of events and their reactions."""
    lines = ["| event | reaction | lane |", "|---|---|---|"]
    for kind, reactions in REACTIONS.items():
        lines += [f"| {kind.__name__} | `{reaction.name}` | {reaction.lane} |" for reaction in reactions]
    return "\n".join(lines)


# Name -> (file, marker, function that returns the text). The text stands between `<!-- marker -->` and `<!-- /marker -->`.
DOCUMENTS: dict[str, tuple[str, str, Callable[[], str]]] = {
    "settings": ("README.md", "settings", english_table),
    "settings in Chinese": ("README.zh-CN.md", "settings", chinese_table),
    "ticket table": ("docs/tickets.md", "ticket-table", ticket_table),
    "ticket fields": ("docs/tickets.md", "ticket-fields", ticket_fields_table),
    "columns of a ticket file": ("docs/tickets.md", "file-columns", file_columns_table),
    "ticket picture": ("docs/tickets.md", "ticket-picture", ticket_picture),
    "rights": ("docs/rights.md", "rights", rights_table),
    "kinds of nodes": ("docs/flows.md", "flow-kinds", kinds_table),
    "reactions": ("docs/architecture.md", "reactions", reactions_table),
}


def between(text: str, marker: str) -> str:
    """Returns the text between the two comments of `marker`. Raises ValueError if the file lacks them."""
    start, end = f"<!-- {marker} -->\n", f"\n<!-- /{marker} -->"
    return text[text.index(start) + len(start) : text.index(end)]


def main(root: Path = ROOT) -> None:
    for path, marker, build in DOCUMENTS.values():
        file = root / path
        text = file.read_text(encoding="utf-8")
        old = f"<!-- {marker} -->\n{between(text, marker)}\n<!-- /{marker} -->"
        file.write_text(
            text.replace(old, f"<!-- {marker} -->\n{build()}\n<!-- /{marker} -->"), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
