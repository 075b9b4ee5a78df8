"""What the slip's templates ask: the words of a step, of a state that waits for others, and the choices of a form."""

from datetime import datetime
from enum import StrEnum

from flask import Blueprint
from flask_babel import gettext as _

from agent_console.web.console_context import application
from agent_console.web.labels import CHOOSABLE_NO_MATTER_REASONS, label
from agent_console.web.locale import N_
from hotline.rules import enums
from hotline.rules.enums import TicketAction, TicketState

HINTS: dict[TicketAction, str] = {
    TicketAction.ACKNOWLEDGE: N_("签收即确认由本单位办理；下一步先联系来电人。"),
    TicketAction.RECORD_CONTACT: N_("写明何时、以何方式联系，对方怎么说。"),
    TicketAction.REPLY: N_("写明核实的事实、依据、已做的和下一步，不写“尽快”“近期”。"),
    TicketAction.CLOSE: N_("办结后热线会回访来电人：没有解决的，将重办。"),
}
"""What to bear in mind at a step."""

WAITING: dict[TicketState, str] = {
    TicketState.DRAFT: N_("等待话务员完成"),
    TicketState.DISPATCHED: N_("等待签收"),
    TicketState.ACKNOWLEDGED: N_("等待先行联系或答复"),
    TicketState.IN_PROGRESS: N_("等待答复"),
    TicketState.REPLIED: N_("等待办结"),
    TicketState.CLOSED: N_("已办结，没有下一步"),
    TicketState.DISCARDED: N_("已作废，没有下一步"),
}
"""What a ticket waits for, told to those who cannot take the step themselves."""


def step_hint(action: TicketAction) -> str:
    return str(_(HINTS[action])) if action in HINTS else ""


def waiting_words(state: TicketState) -> str:
    return str(_(WAITING[state]))


def no_matter_options() -> list[tuple[str, str]]:
    return [(reason.value, label(reason)) for reason in CHOOSABLE_NO_MATTER_REASONS]


def word_options(kind: type[StrEnum]) -> list[tuple[str, str]]:
    """Return value and label of every word, for a select."""
    return [(word.value, label(word)) for word in kind]


def printed_at() -> datetime:
    return application().clock()


def teach(blueprint: Blueprint) -> None:
    """Make these words known to every template."""
    for word in (step_hint, waiting_words, word_options, no_matter_options, printed_at):
        blueprint.add_app_template_global(word, word.__name__)
    blueprint.record_once(lambda state: state.app.jinja_env.globals.update(words=enums))
