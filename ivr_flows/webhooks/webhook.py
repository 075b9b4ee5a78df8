"""The frame of the caller's door: who may knock, what was asked before, and one Work for each webhook.

Every webhook goes the same way: verify the signature, work, write the document, keep its receipt, all in one Work.
A `Step` names what differs. The receipt is claimed last: a repeat, also one that arrives at the same moment on another
machine, finds the key taken, throws its own Work away whole, and is given the document of the first.
"""

import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

import structlog
from flask import Response, abort, g, request
from sqlalchemy import select
from werkzeug.exceptions import BadRequest, HTTPException

from hotline.rules.errors import DomainError
from hotline.rules.people.actors import Machine
from hotline.rules.text import is_storable
from hotline.store.calls.tables import Receipt
from hotline.store.upsert import insert_key_if_absent
from hotline.unit_of_work import Application, UnitOfWork
from ivr_flows.speech import Argument
from ivr_flows.webhooks.first_turn_cache import Lobby
from ivr_flows.webhooks.flow_registry import FlowShelf
from ivr_flows.webhooks.signature import Signature, Unreadable, raw_target, read_form
from ivr_flows.webhooks.twiml import Stage

MOST_BYTES = 64 * 1024
"""Far more than any webhook has."""
LONGEST_KEY = 120
LONGEST_SID = 40
"""As long as the columns that hold them."""
_LENGTH = re.compile(r"(\d{1,9})(\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Post:
    """One verified webhook: its form and its query. `token` is the carrier's name for all attempts of this request."""

    form: Mapping[str, str]
    query: Mapping[str, str]
    token: str

    @property
    def sid(self) -> str:
        return self.word("CallSid")

    def word(self, name: str) -> str:
        return self.form.get(name, "")

    def seconds(self, name: str) -> int:
        """Return a length in whole seconds; 0 for what is none."""
        told = _LENGTH.fullmatch(self.word(name))
        return int(told[1]) if told else 0


@dataclass(frozen=True, slots=True)
class Door:
    """What every webhook may use. `standing` are the arguments every prompt may speak."""

    application: Application
    shelf: FlowShelf
    lobby: Lobby
    signature: Signature
    stage: Stage
    standing: Mapping[str, Argument]


@dataclass(frozen=True, slots=True)
class Visit:
    """One webhook being carried out. `ids` are the values in its path."""

    door: Door
    work: UnitOfWork
    post: Post
    ids: Mapping[str, str]

    def id(self, name: str) -> int:
        return int(self.ids[name])


@dataclass(frozen=True, slots=True)
class Step:
    """One webhook address, under `/voice`.

    `in_trouble` writes the document when the application cannot work; None for what nobody listens to. `tells_apart` are
    the form fields by which two requests of this kind differ when the carrier sends no token; None: they cannot be
    told apart, so that a repeat is carried out again, which its service makes harmless. `names_call`: it must carry a
    CallSid. `reads_only`: it changes nothing, so no receipt is kept and no write lock taken.
    """

    rule: str
    name: str
    actor: Machine
    run: Callable[[Visit], str]
    in_trouble: Callable[[Door, Post, Mapping[str, str]], str] | None
    tells_apart: tuple[str, ...] | None = ()
    names_call: bool = True
    reads_only: bool = False


def read_post(door: Door) -> Post:
    """Return the verified webhook. Answers 403 for anything the carrier did not sign, 413 for far too much."""
    request.max_content_length = MOST_BYTES
    given = request.headers.get("X-Twilio-Signature", "")
    try:
        body = request.get_data(cache=False)
        fields = read_form(body)
    except (Unreadable, BadRequest):
        abort(403)
    if body and request.mimetype != "application/x-www-form-urlencoded":
        abort(403)
    if not given or not door.signature.matches(raw_target(request.environ), fields, given):
        abort(403)
    token = request.headers.get("I-Twilio-Idempotency-Token", "")
    return Post(form=dict(fields), query=request.args, token=token)


def demand_call(post: Post) -> None:
    """Answer 400 for a webhook that does not name its call: nothing can be done for a call without a name."""
    if not 0 < len(post.sid) <= LONGEST_SID or not is_storable(post.sid):
        text = f"CallSid is missing, or longer than {LONGEST_SID} characters."
        abort(Response(text, 400, mimetype="text/plain"))


def carry_out(door: Door, step: Step, post: Post, ids: Mapping[str, str]) -> str:
    """Do what `step` asks, once, and return its document."""
    door.shelf.open(door.application)
    if step.reads_only:
        with door.application.read_only_unit(step.actor) as work:
            return step.run(Visit(door, work, post, ids))
    key = receipt_key(step, post, ids)
    try:
        with door.application.unit_of_work(step.actor) as work:
            document = step.run(Visit(door, work, post, ids))
            if key is not None and not isinstance(document, Repeatable):
                _keep_receipt(work, key, document)
            return document
    except (AlreadyAnswered, DomainError):
        answered = None if key is None else _answered(door.application, key)
        if answered is None:
            raise
        return answered


class Repeatable(str):
    """A first document: its call's own row, claimed by the carrier's name for it, tells what a repeat is to hear.

    No receipt is kept of it, so the commonest of all webhooks costs a statement less.
    """

    __slots__ = ()


class AlreadyAnswered(Exception):
    """Somebody else's answer to the same webhook was committed first; this Work's is thrown away."""


def _keep_receipt(work: UnitOfWork, key: str, document: str) -> None:
    """Keep the document in this transaction. Raises AlreadyAnswered if the key is taken: the whole Work is undone."""
    row = {"key": key, "at": work.at, "document": document}
    if not insert_key_if_absent(work.connection, Receipt, row):
        raise AlreadyAnswered(key)


def _answered(application: Application, key: str) -> str | None:
    with application.read_session() as session:
        return session.scalar(select(Receipt.document).where(Receipt.key == key))


def receipt_key(step: Step, post: Post, ids: Mapping[str, str]) -> str | None:
    """Return the name under which a repeat of this webhook is recognised; the carrier's token if there is one.

    The token is not signed, so it counts within its own call alone. None if a repeat cannot be told from a new webhook.
    """
    if post.token:
        parts = [post.token, post.sid]
    elif step.tells_apart is None:
        return None
    else:
        told = [post.word(name) for name in step.tells_apart]
        parts = [post.word("CallSid"), *ids.values(), *post.query.values(), *told]
    key = ":".join([step.name, *parts])
    if len(key) <= LONGEST_KEY:
        return key
    return f"{step.name}:{sha256(key.encode()).hexdigest()}"


def view_of(door: Door, step: Step) -> Callable[..., Response]:
    def answer(**path: object) -> Response:
        ids = {name: str(value) for name, value in path.items()}
        post = read_post(door)
        if step.names_call:
            demand_call(post)
        g.voice = (step, post, ids)
        return _respond(step, carry_out(door, step, post, ids))

    return answer


def _respond(step: Step, document: str) -> Response:
    if step.in_trouble is None:
        return Response(status=204)
    return Response(document, mimetype="text/xml")


def in_trouble(door: Door, error: Exception) -> Response | HTTPException:
    """Answer for a webhook that could not be carried out; its Work was rolled back, so it left nothing behind."""
    if isinstance(error, HTTPException):
        return error
    step: Step
    post: Post
    ids: dict[str, str]
    step, post, ids = g.voice
    refused = isinstance(error, DomainError)
    told = structlog.get_logger()
    (told.info if refused else told.error)(
        "webhook.refused" if refused else "webhook.failed",
        step=step.name,
        sid=post.sid,
        error=type(error).__name__,
        at=_where(error),
    )
    if step.in_trouble is None:
        return Response(status=204 if refused else 503)
    return _respond(step, step.in_trouble(door, post, ids))


def _where(error: Exception) -> str:
    """Return the last lines of our own code passed, without the error's words: they may quote a caller's number."""
    ours = [
        frame for frame in traceback.extract_tb(error.__traceback__) if "site-packages" not in frame.filename
    ]
    return " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(ours[-3:]))
