"""Typed text is never thrown away: a form that cannot be accepted is kept for its author and shown again on its page.

A form names its author by a signed field (`typed_by`), because the session may be over, or another person may have signed
in, when it is sent. What one person typed is never shown to another.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeTimedSerializer

from agent_console.web.console_context import application, options
from agent_console.web.labels import N_, field_label
from hotline.rules.enums import TicketAction
from hotline.rules.people.actors import Machine
from hotline.rules.text import is_blank
from hotline.services.people import kept_forms
from hotline.services.people.kept_forms import KeptReason
from hotline.store.people.kept_forms import find_kept_form

# Fields of a form that a person does not type.
UNTYPED = frozenset(
    {
        "csrf_token",
        "typed_by",
        "revision",
        "based_on",
        "next",
        "password",
        "proof_password",
        "proof_code",
        "proof_passkey",
        "credential",
        "back",
        "locale",
        "page",
        "vague_accepted",
    }
)

WORDS: dict[KeptReason, str] = {
    KeptReason.EXPIRED: N_("登录已过期，刚才没有提交。您填写的内容已放回下面，请核对后再提交。"),
    KeptReason.OLD_PAGE: N_("登录状态变化过，刚才没有提交。您填写的内容已放回下面，请核对后再提交。"),
    KeptReason.REFUSED: N_("上次没有提交成功。您填写的内容已放回下面，请核对后再提交。"),
    KeptReason.OTHER_STEP: N_("您填写的其他内容还没有提交，已保留在下面。"),
}


@dataclass(frozen=True, slots=True)
class RejectedForm:
    """A form that was not accepted: a message, field -> words, and the typed values to show again.

    `is_stale`: what is stored may have changed since the form was opened, so both are shown. `is_warning`: the form is
    accepted when it is sent again. `kept_page`: the values were typed earlier and are kept under this name.
    """

    message: str
    errors: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    action: TicketAction | None = None
    is_stale: bool = False
    is_warning: bool = False
    kept_page: str = ""


@dataclass(frozen=True, slots=True)
class FormPage:
    """The page on which a form stands: its endpoint, the name under which typed text is kept, and their arguments."""

    endpoint: str
    name: str
    arguments: Mapping[str, str] = field(default_factory=dict)

    def address(self, view_args: Mapping[str, str]) -> str:
        arguments: dict[str, Any] = {given: view_args[name] for given, name in self.arguments.items()}
        return url_for(self.endpoint, **arguments)


TICKET = "ticket"
# Endpoint that takes a form -> the page that shows it.
FORM_PAGES: dict[str, FormPage] = {
    "tickets.act": FormPage("tickets.show", TICKET, {"address": "address"}),
    "unit.act": FormPage("unit.index", TICKET, {"ticket": "address"}),
    "notices.announce": FormPage("notices.index", "notice"),
    "callbacks.promise": FormPage("callbacks.index", "callback"),
    "deliveries.act": FormPage("deliveries.index", "deliveries"),
    "escalations.finish": FormPage("escalations.index", "escalation", {"open": "escalation_id"}),
    "people.add": FormPage("people.new", "person"),
    "people.change": FormPage("people.show", "person", {"user_id": "user_id"}),
    "people_tokens.create": FormPage("people_tokens.index", "token"),
    "settings.save": FormPage("settings.show", "settings", {"kind": "kind"}),
    "flow_drafts.check": FormPage("flow_drafts.start", "flow"),
    "flow_drafts.publish": FormPage("flow_drafts.start", "flow"),
}


def typed_by(user_id: int) -> str:
    """Returns the signed field that names the author of a form."""
    return str(_signer().dumps(user_id))


def typed_fields() -> dict[str, str]:
    """Returns what a person typed into the form of this request; empty for a request that carries none."""
    if request.endpoint not in FORM_PAGES:
        return {}
    return {name: text for name, text in request.form.items() if name not in UNTYPED and not is_blank(text)}


def labelled_typed_fields() -> list[tuple[str, str, str]]:
    """Returns name, label and text of each typed field, for a page that shows them to be copied."""
    return [(name, field_label(name), text) for name, text in typed_fields().items()]


def page_key(page: str, address: str = "") -> str:
    return f"{page}:{address}"


def keep_request(reason: KeptReason, session_token: str | None = None) -> str | None:
    """Keeps the form of this request for its author. Returns the address of its page, or None if nothing could be kept.

    `session_token`: of the ended session to which the form belongs; it names the author of a form that does not.
    """
    page, typed = FORM_PAGES.get(request.endpoint or ""), typed_fields()
    owner = form_author() if page and typed else None
    if owner is None and page and typed and session_token is not None:
        with application().read_session() as reading:
            owner = kept_forms.owner_of_ended_session(reading, session_token)
    if page is None or owner is None:
        return None
    arguments = {name: str(value) for name, value in (request.view_args or {}).items()}
    address = page.address(arguments)
    key = page_key(page.name, "".join(arguments[name] for name in page.arguments.values()))
    with application().unit_of_work(Machine.SYSTEM) as work:
        kept = kept_forms.keep_form(work, owner, key, address=address, reason=reason, fields=typed)
    return address if kept else None


def form_author() -> int | None:
    """Returns the user whom the form of this request names as its author, or None."""
    try:
        seconds = int(kept_forms.KEPT.total_seconds())
        return int(_signer().loads(request.form.get("typed_by", ""), max_age=seconds))
    except (BadSignature, ValueError, TypeError):
        return None


def read_kept(user_id: int, page: str, address: str = "") -> RejectedForm | None:
    """Returns what this person typed on a page and what is still kept, as a form to show again."""
    with application().read_session() as reading:
        kept = find_kept_form(reading, user_id, page_key(page, address))
    if kept is None:
        return None
    return RejectedForm(
        _(WORDS[KeptReason(kept.reason)]), typed=kept.fields, is_stale=True, kept_page=kept.page
    )


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(options().secret_key, salt="typed-by")
