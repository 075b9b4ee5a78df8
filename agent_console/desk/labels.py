"""What the desk's templates ask about a call: which types to offer, which one the caller's key suggested, why one is away."""

from flask import Blueprint
from flask_babel import gettext as _

from agent_console.web.labels import label
from agent_console.web.locale import N_
from hotline.rules.enums import NotReadyReason, RequestType, Urgency
from hotline.services.tickets.actions import SUGGESTED_TYPE
from hotline.store.calls.tables import Call

CHOOSABLE_REASONS = tuple(reason for reason in NotReadyReason if reason is not NotReadyReason.MISSED_CALL)
"""Why an operator may say they take no calls; a missed call is only ever set by the system."""

SKILLS: dict[str, str] = {
    "dialect": N_("方言坐席"),
    "english": N_("英语坐席"),
    "enterprise": N_("企业服务坐席"),
}
"""The skills of config/city/example/callers.toml as it comes -> what people read."""


def skill_label(name: str) -> str:
    """Return what people read for a skill; one a city has added, by its own name."""
    return str(_(SKILLS[name])) if name in SKILLS else name


def away_reasons() -> tuple[NotReadyReason, ...]:
    return CHOOSABLE_REASONS


def reason_label(reason: str) -> str:
    """Return the words for a stored reason of absence; nothing for one that is no absence (overtime)."""
    return label(NotReadyReason(reason)) if reason in set(NotReadyReason) else ""


def request_types() -> list[RequestType]:
    return list(RequestType)


def urgencies() -> list[Urgency]:
    return list(Urgency)


def is_pressed(call: Call | None, kind: RequestType) -> bool:
    """Say whether the caller's key suggested this type."""
    return call is not None and call.pressed is not None and SUGGESTED_TYPE.get(call.pressed) is kind


def teach(blueprint: Blueprint) -> None:
    """Give templates these words."""
    for word in (away_reasons, reason_label, request_types, urgencies, is_pressed, skill_label):
        blueprint.add_app_template_global(word, word.__name__)
