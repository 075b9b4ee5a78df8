"""Every table of labels covers its enum or registry. A missing label fails here by name, never a page."""

import inspect
from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum

import pytest
from flask import Flask

from agent_console.desk.state import CHOOSABLE_REASONS
from agent_console.pages.callbacks import OUTCOME_LABELS
from agent_console.pages.deliveries import REACTION_LABELS
from agent_console.people import history
from agent_console.reports import labels as report_labels
from agent_console.reports.page import COUNT_LABELS
from agent_console.tickets.due_labels import STAGES, TAGS, DeadlineStatus
from agent_console.tickets.ticket_sheet import (
    STEP_HINTS,
    WAITING_LABELS,
    enum_options,
    no_matter_options,
    waiting_label,
)
from agent_console.tickets.timeline import SENTENCES
from agent_console.tickets.unit_inbox import SECTION_LABELS
from agent_console.web.labels import FIELDS, LABELS, MACHINE_LABELS, field_label, label, problem_label
from agent_console.web.template_context import TONES
from hotline.events import KINDS
from hotline.reactions.registry import REACTION_BY_NAME
from hotline.rules import enums
from hotline.rules.calls.outages import OutageState
from hotline.rules.enums import NotReadyReason, TicketAction, TicketState
from hotline.rules.figures.statistics import STATISTICS
from hotline.rules.people.accounts import Account
from hotline.rules.people.actors import Machine
from hotline.rules.policies import DeadlineStage
from hotline.rules.tickets.fields import STATED_NAMES
from hotline.rules.tickets.inbox import InboxSection
from hotline.rules.tickets.transitions import TRANSITIONS
from hotline.services.people.leavers import HAND_OVERS
from hotline.store.figures.drill_down import CALL_COUNTS, TICKET_COUNTS

STORED = [kind for _, kind in inspect.getmembers(enums, inspect.isclass) if issubclass(kind, StrEnum)]
SHOWN = [kind for kind in STORED if kind is not StrEnum] + [OutageState]

TABLES: dict[str, tuple[Collection[str], Iterable[str]]] = {
    **{f"LABELS[{kind.__name__}]": (LABELS.get(kind, {}), [each.value for each in kind]) for kind in SHOWN},
    "FIELDS": (FIELDS, STATED_NAMES),
    "TONES": (TONES, TicketState),
    "WAITING_LABELS": (WAITING_LABELS, TicketState),
    "SECTION_LABELS": (SECTION_LABELS, InboxSection),
    "TAGS": (TAGS, DeadlineStatus),
    "STAGES": (STAGES, DeadlineStage),
    "REACTION_LABELS": (REACTION_LABELS, REACTION_BY_NAME),
    "MACHINE_LABELS": (MACHINE_LABELS, Machine),
    "SENTENCES": (SENTENCES, [kind for kind, event in KINDS.items() if event.subject == "ticket"]),
    "history.SENTENCES": (
        history.SENTENCES,
        [kind for kind, event in KINDS.items() if event.subject == "account"],
    ),
    "history.WORK": (history.WORK, HAND_OVERS),
    "history.CHANGED": (history.CHANGED, [*Account.__dataclass_fields__, "active", "locked"]),
    "STATISTIC_LABELS": (report_labels.STATISTIC_LABELS, [statistic.name for statistic in STATISTICS]),
    "COUNT_LABELS": (COUNT_LABELS, frozenset().union(*CALL_COUNTS, *TICKET_COUNTS)),
    "ENUM_LABELS": (
        report_labels.ENUM_LABELS,
        ["classes", "types", "channels", "outcomes", "ended_as", "no_matter", "after_call"],
    ),
}


@pytest.fixture
def request_context(app: Flask) -> Iterator[None]:
    with app.test_request_context("/"):
        yield


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_a_label_for_each_key_and_no_other(name: str) -> None:
    table, keys = TABLES[name]
    missing = sorted(str(key) for key in keys if key not in table)
    assert not missing, f"{name} has no label for: {', '.join(missing)}"
    assert set(table) == set(keys), f"{name} has labels without a key"


@pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: row.action.value)
def test_every_action_and_field_of_a_transition_has_a_label(row: object) -> None:
    action, needs = row.action, row.needs  # type: ignore[attr-defined]
    assert action.value in LABELS[TicketAction], f"no label for the action {action.value}"
    for name in needs:
        assert name in FIELDS, f"no label for the field {name} of the action {action.value}"


def test_a_step_hint_belongs_to_an_action() -> None:
    assert set(STEP_HINTS) <= set(TicketAction)


@pytest.mark.parametrize(
    "outcome", ["completed", "busy", "no-answer", "failed", "canceled", "refused", "dropped", "lost"]
)
def test_every_outcome_of_an_outbound_call_has_a_label(outcome: str) -> None:
    assert outcome in OUTCOME_LABELS


class NewWord(StrEnum):
    NEW = "new"


@pytest.mark.usefixtures("request_context")
def test_a_value_without_a_label_is_shown_as_it_is() -> None:
    assert label(NewWord.NEW) == "new"
    assert field_label("new_field") == "new_field"
    assert problem_label("new_code") == "new_code"
    assert waiting_label(NewWord.NEW) == "new"  # type: ignore[arg-type]


@pytest.mark.usefixtures("request_context")
def test_a_nuisance_call_is_offered_once() -> None:
    offered = [words for _value, words in no_matter_options()]
    assert len(offered) == len(set(offered))
    assert offered.count("骚扰来电") == 1
    assert ("prank", "骚扰来电") in enum_options(enums.NoMatterReason)


def test_an_operator_cannot_choose_what_only_the_system_notices() -> None:
    assert set(NotReadyReason) - set(CHOOSABLE_REASONS) == {
        NotReadyReason.MISSED_CALL,
        NotReadyReason.DECLINED_CALL,
        NotReadyReason.PHONE_OFF,
        NotReadyReason.LEFT_DESK,
        NotReadyReason.CONNECTION_LOST,
    }
