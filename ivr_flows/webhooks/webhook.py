"""Executes a webhook: verifies it, runs its handler and keeps a receipt of the document, in one transaction.

A `Webhook` states what differs between them. The receipt is inserted last: a repeat, even one that arrives at the same
moment on another machine, finds the key taken, rolls back its whole unit of work, and is given the first document.
"""

import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, NoReturn

import structlog
from flask import Response, abort, g, request
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge

from hotline.gateways.addresses import VoiceRoute
from hotline.rules.calls.states import TERMINAL_STATUSES
from hotline.rules.errors import DomainError
from hotline.rules.people.actors import Machine
from hotline.rules.policies import Policies
from hotline.rules.text import is_storable
from hotline.services.calls.check_times import expect_webhook, is_check_due_in_time
from hotline.services.queueing.offers import offer_waiting
from hotline.store.calls.tables import Receipt
from hotline.store.upsert import insert_key_if_absent
from hotline.unit_of_work import Application, UnitOfWork
from ivr_flows.speech import Argument
from ivr_flows.webhooks.document_length import longest_seconds
from ivr_flows.webhooks.first_turn_cache import FirstTurnCache
from ivr_flows.webhooks.flow_registry import FlowRegistry
from ivr_flows.webhooks.signature import Signature, Unreadable, raw_target, read_form
from ivr_flows.webhooks.twiml import TwimlRenderer

# Far more than any webhook has.
MAX_BYTES = 64 * 1024
MAX_KEY_LENGTH = 120
# As long as the columns that hold them.
MAX_SID_LENGTH = 40
_LENGTH = re.compile(r"(\d{1,9})(\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class WebhookForm:
    """The fields and the query of one verified webhook. `token` is the carrier's id for all attempts of this request."""

    fields: Mapping[str, str]
    query: Mapping[str, str]
    token: str

    @property
    def sid(self) -> str:
        return self.value("CallSid")

    def value(self, name: str) -> str:
        return self.fields.get(name, "")

    def seconds(self, name: str) -> int:
        """Returns a length in whole seconds; 0 for a field that is none."""
        length = _LENGTH.fullmatch(self.value(name))
        return int(length[1]) if length else 0


@dataclass(slots=True)
class CurrentRenderer:
    """The renderer for the policies in force; another one is made when a version of the city's data is published."""

    application: Application
    make: Callable[[Policies], TwimlRenderer]
    _made: tuple[Policies, TwimlRenderer] | None = None

    def get(self) -> TwimlRenderer:
        policies, made = self.application.policies, self._made
        if made is None or made[0] is not policies:
            made = self._made = (policies, self.make(policies))
        return made[1]


@dataclass(frozen=True, slots=True)
class WebhookContext:
    """The objects shared by all webhooks of a process. Every prompt may use `standard_arguments`.

    `reports_lost_devices`: the carrier tells a device that was lost from one that hung up. Without it, only a hang-up
    recorded by the desk is one.
    """

    application: Application
    registry: FlowRegistry
    first_turns: FirstTurnCache
    signature: Signature
    renderers: CurrentRenderer
    standard_arguments: Mapping[str, Argument]
    sounds: str
    reports_lost_devices: bool = False

    @property
    def renderer(self) -> TwimlRenderer:
        return self.renderers.get()


@dataclass(slots=True)
class WebhookRequest:
    """One webhook being executed. `ids` are the values in its path, `receipt_key` see the function of that name.

    `check_at` is the moment at which its call is checked, if the handler has read it. `may_be_offered`: the handler
    has put a caller into the queue while a desk is ready, and the offer is still to be made.
    """

    context: WebhookContext
    work: UnitOfWork
    form: WebhookForm
    ids: Mapping[str, str]
    receipt_key: str | None = None
    check_at: datetime | None = None
    may_be_offered: bool = False

    def id(self, name: str) -> int:
        return int(self.ids[name])

    def receipt(self, document: str) -> dict[str, Any] | None:
        """Returns the row of the receipt that `document` is the answer; None for a webhook whose repeats are executed again."""
        if self.receipt_key is None:
            return None
        return {"key": self.receipt_key, "at": self.work.at, "document": document}


Handler = Callable[[WebhookRequest], str]


@dataclass(frozen=True, slots=True)
class Webhook:
    """One row of the table of webhooks.

    `on_failure` renders the document when the application fails; None where the carrier uses no document.
    `repeat_fields` are the form fields by which two requests of this kind differ if the carrier sends no token; None:
    they cannot be told apart, so a repeat is executed again, which its service makes harmless. `requires_call`: the
    form must have a CallSid. `over` replaces the handler when the CallStatus is terminal; rows with it speak for the
    leg of a caller. `reads_only`: the handler writes nothing. `at_once` is executed before the handler, in a unit of
    work that writes once; if it returns None, it has written nothing and the handler is executed.
    """

    route: VoiceRoute
    actor: Machine
    handler: Handler
    on_failure: Callable[[WebhookContext, WebhookForm, Mapping[str, str]], str] | None
    repeat_fields: tuple[str, ...] | None = ()
    requires_call: bool = True
    over: Handler | None = None
    reads_only: bool = False
    at_once: Callable[[WebhookRequest], str | None] | None = None

    @property
    def name(self) -> str:
        """Returns the name by which logs and receipts refer to the webhook."""
        return self.route.name.lower()


def read_webhook_form(context: WebhookContext, webhook: Webhook) -> WebhookForm:
    """Returns the verified form. Responds 403 if the carrier did not sign it, 413 if it is too large, and logs why."""
    request.max_content_length = MAX_BYTES
    given = request.headers.get("X-Twilio-Signature", "")
    try:
        body = request.get_data(cache=False)
        fields = read_form(body)
    except RequestEntityTooLarge:
        _reject(webhook, f"the body has more than {MAX_BYTES} bytes", 413)
    except (Unreadable, BadRequest):
        _reject(webhook, "the body is not a form in UTF-8")
    if body and request.mimetype != "application/x-www-form-urlencoded":
        _reject(webhook, "the content type is not application/x-www-form-urlencoded")
    if not given:
        _reject(webhook, "the header X-Twilio-Signature is missing")
    target = raw_target(request.environ)
    if not context.signature.matches(target, fields, given):
        other = context.signature.signed_address(request.host, target, fields, given)
        _reject(
            webhook,
            f"signed for {other}, which is not PUBLIC_URL"
            if other
            else "the signature does not match: another TWILIO_AUTH_TOKEN, or another address than PUBLIC_URL",
        )
    token = request.headers.get("I-Twilio-Idempotency-Token", "")
    return WebhookForm(fields=dict(fields), query=request.args, token=token)


def _reject(webhook: Webhook, reason: str, status: int = 403) -> NoReturn:
    # Only what was verified may be quoted: anybody can send the rest.
    structlog.get_logger().warning("webhook.rejected", webhook=webhook.name, reason=reason, status=status)
    abort(status)


def log_unknown_address(error: HTTPException) -> HTTPException:
    """Logs a request that no webhook answers, and returns its response unchanged."""
    known = request.path in set(VoiceRoute)
    reason = f"sent with {request.method} instead of POST" if known else "no webhook has this address"
    structlog.get_logger().warning(
        "webhook.rejected", webhook=request.path if known else "", reason=reason, status=error.code
    )
    return error


def require_call(webhook: Webhook, form: WebhookForm) -> None:
    """Responds 400 if the webhook does not name its call."""
    if not 0 < len(form.sid) <= MAX_SID_LENGTH or not is_storable(form.sid):
        text = f"CallSid is missing, or longer than {MAX_SID_LENGTH} characters."
        structlog.get_logger().warning("webhook.rejected", webhook=webhook.name, reason=text, status=400)
        abort(Response(text, 400, mimetype="text/plain"))


def execute(context: WebhookContext, webhook: Webhook, form: WebhookForm, ids: Mapping[str, str]) -> str:
    """Runs `webhook` once for this request and returns its document."""
    context.registry.refresh(context.application)
    # One place judges the CallStatus of every webhook, because the status callback may be lost.
    over = webhook.over if form.value("CallStatus") in TERMINAL_STATUSES else None
    if webhook.reads_only and over is None:
        return _read(context, webhook, form, ids)
    key = receipt_key(webhook, form, ids, is_over=over is not None)
    if webhook.at_once is not None and over is None:
        with context.application.single_write_unit(webhook.actor) as work:
            asked = WebhookRequest(context, work, form, ids, key)
            answer = webhook.at_once(asked)
        if asked.may_be_offered:
            with context.application.unit_of_work(webhook.actor) as work:
                offer_waiting(work)
        if answer is not None:
            return answer
    try:
        with context.application.unit_of_work(webhook.actor) as work:
            asked = WebhookRequest(context, work, form, ids, key)
            document = (over or webhook.handler)(asked)
            if webhook.over is not None and over is None:
                seconds = longest_seconds(document)
                if not is_check_due_in_time(work.at, asked.check_at, seconds):
                    expect_webhook(work, form.sid, seconds)
            if not isinstance(document, Repeatable):
                _keep_receipt(work, asked.receipt(document))
            return document
    except (AlreadyAnswered, DomainError):
        answered = None if key is None else _answered(context.application, key)
        if answered is None:
            raise
        return answered


def _read(context: WebhookContext, webhook: Webhook, form: WebhookForm, ids: Mapping[str, str]) -> str:
    """Runs the handler of a webhook that writes nothing; only the time of the call's check is written, when it is due too early."""
    with context.application.read_only_unit(webhook.actor) as work:
        asked = WebhookRequest(context, work, form, ids)
        document = webhook.handler(asked)
    seconds = longest_seconds(document)
    if not is_check_due_in_time(work.at, asked.check_at, seconds):
        with context.application.unit_of_work(webhook.actor) as work:
            expect_webhook(work, form.sid, seconds)
    return document


class Repeatable(str):
    """A document of which no receipt is kept, because a repeat is rendered again from the call's own row."""

    __slots__ = ()


class AlreadyAnswered(Exception):
    """Raised when the answer to the same webhook was committed by another transaction first."""


def _keep_receipt(work: UnitOfWork, receipt: dict[str, Any] | None) -> None:
    """Inserts the receipt into this transaction. Raises AlreadyAnswered if the key is taken, which rolls it back."""
    # Inserted last: the unique key decides between repeats that run at the same moment.
    if receipt is not None and not insert_key_if_absent(work.connection, Receipt, receipt):
        raise AlreadyAnswered(receipt["key"])


def _answered(application: Application, key: str) -> str | None:
    with application.read_session() as session:
        receipt = session.get(Receipt, key)
        return None if receipt is None else receipt.document


def receipt_key(
    webhook: Webhook, form: WebhookForm, ids: Mapping[str, str], *, is_over: bool = False
) -> str | None:
    """Returns the key by which a repeat of this webhook is recognised, or None if it has none.

    A webhook that reports the end of its call (`is_over`) is no repeat of an earlier one with the same fields.
    """
    # The token is not signed, so it counts within its own call alone.
    if form.token:
        parts = [form.token, form.sid]
    elif webhook.repeat_fields is None:
        return None
    else:
        log = [form.value(name) for name in webhook.repeat_fields]
        parts = [form.value("CallSid"), *ids.values(), *form.query.values(), *log]
    key = ":".join([webhook.name, *parts, *(["over"] if is_over else [])])
    if len(key) <= MAX_KEY_LENGTH:
        return key
    return f"{webhook.name}:{sha256(key.encode()).hexdigest()}"


def view_of(context: WebhookContext, webhook: Webhook) -> Callable[..., Response]:
    def answer(**path: object) -> Response:
        ids = {name: str(value) for name, value in path.items()}
        form = read_webhook_form(context, webhook)
        if webhook.requires_call:
            require_call(webhook, form)
        g.voice = (webhook, form, ids)
        return _respond(webhook, execute(context, webhook, form, ids))

    return answer


def _respond(webhook: Webhook, document: str) -> Response:
    if webhook.on_failure is None:
        return Response(status=204)
    return Response(document, mimetype="text/xml")


def failure_response(context: WebhookContext, error: Exception) -> Response | HTTPException:
    """Responds for a webhook whose handler failed; its unit of work was rolled back and left nothing behind."""
    if isinstance(error, HTTPException):
        return error
    webhook: Webhook
    form: WebhookForm
    ids: dict[str, str]
    webhook, form, ids = g.voice
    refused = isinstance(error, DomainError)
    log = structlog.get_logger()
    (log.info if refused else log.error)(
        "webhook.refused" if refused else "webhook.failed",
        webhook=webhook.name,
        sid=form.sid,
        error=type(error).__name__,
        at=_where(error),
    )
    if webhook.on_failure is None:
        return Response(status=204 if refused else 503)
    return _respond(webhook, webhook.on_failure(context, form, ids))


def _where(error: Exception) -> str:
    """Returns the last lines of our own code that were passed."""
    # Without the error's text, which may quote a caller's number.
    ours = [
        frame for frame in traceback.extract_tb(error.__traceback__) if "site-packages" not in frame.filename
    ]
    return " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(ours[-4:]))
