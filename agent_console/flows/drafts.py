"""`/console/flows/draft`: a flow somebody has written: pasted or uploaded, checked to the last finding, published only if clean."""

from base64 import b64encode
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from agent_console.flows.active_flows import InForce, in_force
from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import application, options
from agent_console.web.flow_catalog import Draft, DraftRefused, Finding
from agent_console.web.locale import N_, locale_name
from hotline.rules.enums import Language
from hotline.rules.errors import LostRace
from hotline.rules.people.actors import Right
from hotline.rules.text import SHORT_TEXT
from hotline.services import flow_publications

LONGEST = 200_000
"""Signs of a draft; the longest flow of ours has a tenth of it."""
EMPTY = N_("请粘贴流程内容，或选择一个 TOML 文件。")
TOO_LONG = N_("文件过长，不是有效的流程文件。")
NOT_TEXT = N_("文件不是 UTF-8 文本，请另存为 UTF-8 后再试。")
SAME = N_("与现行版本相同，无需发布。")


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a draft. `draft` None: nothing was checked yet, or it has `findings`; `error` is about the form."""

    text: str = ""
    note: str = ""
    draft: Draft | None = None
    now: InForce | None = None
    findings: tuple[Finding, ...] = ()
    error: str = ""
    is_late: bool = False

    @property
    def is_same(self) -> bool:
        """Say whether the draft is what callers hear already."""
        if self.draft is None or self.now is None:
            return False
        ours, theirs = self.draft.edition, self.now.edition
        return (ours.flow, ours.version) == (theirs.flow, theirs.version)


@needs(Right.PUBLISH_FLOWS)
def start() -> ResponseReturnValue:
    """Show an empty draft, or one that begins with a flow of the city's files."""
    return _page(Told(text=options().flows.file_texts().get(request.args.get("file", ""), "")))


@needs(Right.PUBLISH_FLOWS)
def check() -> ResponseReturnValue:
    """Check what was pasted or uploaded; nothing is published by this."""
    return _page(_checked())


@needs(Right.PUBLISH_FLOWS)
def publish() -> ResponseReturnValue:
    """Publish a draft that is clean; who comes second is shown what the first has published."""
    told = _checked()
    if told.draft is None or told.now is None or told.error:
        return _page(told)
    if told.is_same:
        return _page(Told(told.text, told.note, told.draft, told.now, error=SAME))
    seen = request.form.get("based_on", "")
    based_on = int(seen) if seen.isascii() and seen.isdigit() and len(seen) <= 9 else -1
    try:
        with application().unit_of_work(current_person()) as work:
            draft = told.draft
            flow_publications.publish(work, draft.purpose, draft.edition, based_on=based_on, note=told.note)
    except LostRace:
        return _page(_checked(is_late=True))
    flash(_("已发布。几秒钟内，新来电即按此版本执行；进行中的通话不受影响。"), "done")
    return redirect(url_for("flows.show", purpose=draft.purpose.value), 303)


def _checked(*, is_late: bool = False) -> Told:
    text, error = _text_sent()
    note = request.form.get("note", "").strip()[:SHORT_TEXT]
    if error:
        return Told(text, note, error=error)
    try:
        draft = options().flows.read(text)
    except DraftRefused as refused:
        return Told(text, note, findings=refused.findings)
    with application().read_session() as session:
        return Told(text, note, draft, in_force(session, draft.purpose), is_late=is_late)


def _text_sent() -> tuple[str, str]:
    """Return the draft and what is wrong with how it was sent; a file goes before what stands in the field."""
    sent = request.files.get("file")
    if sent is not None and sent.filename:
        raw = sent.read(4 * LONGEST + 1)
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            return request.form.get("text", ""), NOT_TEXT
    else:
        text = request.form.get("text", "")
    text = text.replace("\r\n", "\n")
    if len(text) > LONGEST:
        return text[:LONGEST], TOO_LONG
    return text, "" if text.strip() else EMPTY


def _page(told: Told) -> ResponseReturnValue:
    html = render_template(
        "flows/draft.html",
        told=told,
        drawn=_picture(told.draft),
        files=sorted(options().flows.file_texts()),
        longest_note=SHORT_TEXT,
    )
    if told.findings or told.error:
        return html, 422
    return html, 409 if told.is_late else 200


def _picture(draft: Draft | None) -> str:
    """Return the picture of a draft as an address that holds it whole: it has no other."""
    if draft is None:
        return ""
    language = Language.EN if locale_name() == "en" else Language.ZH_CN
    drawn = options().flows.draw(draft.edition.source, language, None)
    return f"data:image/svg+xml;base64,{b64encode(drawn.encode()).decode()}" if drawn else ""


def pages() -> Blueprint:
    blueprint = Blueprint("flow_drafts", __name__, url_prefix="/console/flows/draft")
    blueprint.add_url_rule("", "start", start)
    blueprint.add_url_rule("", "check", check, methods=["POST"])
    blueprint.add_url_rule("/publish", "publish", publish, methods=["POST"])
    return blueprint
