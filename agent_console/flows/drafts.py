"""`/console/flows/draft`: a new version of a flow, pasted or uploaded, checked, and published if it has no problems."""

from base64 import b64encode
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from agent_console.flows.active_flows import ActiveFlow, active_flow
from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import application, options
from agent_console.web.flow_catalog import Draft, DraftRefused, Finding
from agent_console.web.kept_forms import RejectedForm, page_key, read_kept
from agent_console.web.labels import N_
from agent_console.web.locale import locale_name
from hotline.rules.enums import Language
from hotline.rules.errors import LostRace
from hotline.rules.people.actors import Right
from hotline.rules.text import SHORT_TEXT, clean, is_blank
from hotline.services import flow_publications
from hotline.services.people.kept_forms import drop_form

# Ten times the longest flow that is shipped.
MAX_CHARACTERS = 200_000
EMPTY = N_("请粘贴流程内容，或选择一个 TOML 文件。")
TOO_LONG = N_("文件过长，不是有效的流程文件。")
NOT_TEXT = N_("文件不是 UTF-8 文本，请另存为 UTF-8 后再试。")
SAME = N_("与现行版本相同，无需发布。")


@dataclass(frozen=True, slots=True)
class DraftResult:
    """The result of checking a draft.

    `draft` is None before a check, or when there are `findings`. `error` concerns the form itself. `is_late`: another
    person published while this draft was being checked.
    """

    text: str = ""
    note: str = ""
    draft: Draft | None = None
    active: ActiveFlow | None = None
    findings: tuple[Finding, ...] = ()
    error: str = ""
    is_late: bool = False
    kept: RejectedForm | None = None

    @property
    def is_same(self) -> bool:
        """True if the draft equals the version in force."""
        if self.draft is None or self.active is None:
            return False
        ours, theirs = self.draft.edition, self.active.edition
        return (ours.flow, ours.version) == (theirs.flow, theirs.version)


@needs(Right.PUBLISH_FLOWS)
def start() -> ResponseReturnValue:
    """Shows an empty draft, or one that starts from a flow of the city's files, or one that was typed and not sent."""
    kept = None if "file" in request.args else read_kept(current_person().id, "flow")
    if kept is not None:
        return _page(DraftResult(kept.typed.get("text", ""), kept.typed.get("note", ""), kept=kept))
    return _page(DraftResult(text=options().flows.file_texts().get(request.args.get("file", ""), "")))


@needs(Right.PUBLISH_FLOWS)
def check() -> ResponseReturnValue:
    """Checks the pasted or uploaded draft. Nothing is published."""
    return _page(_checked())


@needs(Right.PUBLISH_FLOWS)
def publish() -> ResponseReturnValue:
    """Publishes a draft without problems. If another person published first, their version is shown instead."""
    result = _checked()
    if result.draft is None or result.active is None or result.error:
        return _page(result)
    if result.is_same:
        return _page(DraftResult(result.text, result.note, result.draft, result.active, error=SAME))
    seen = request.form.get("based_on", "")
    based_on = int(seen) if seen.isascii() and seen.isdigit() and len(seen) <= 9 else -1
    try:
        with application().unit_of_work(current_person()) as work:
            draft = result.draft
            flow_publications.publish(work, draft.purpose, draft.edition, based_on=based_on, note=result.note)
            drop_form(work, current_person().id, page_key("flow"))
    except LostRace:
        return _page(_checked(is_late=True))
    flash(_("已发布。几秒钟内，新来电即按此版本执行；进行中的通话不受影响。"), "done")
    return redirect(url_for("flows.show", purpose=draft.purpose.value), 303)


def _checked(*, is_late: bool = False) -> DraftResult:
    text, error = _text_sent()
    note = clean(request.form.get("note", ""))[:SHORT_TEXT]
    if error:
        return DraftResult(text, note, error=error)
    try:
        draft = options().flows.read(text)
    except DraftRefused as refused:
        return DraftResult(text, note, findings=refused.findings)
    with application().read_session() as session:
        return DraftResult(text, note, draft, active_flow(session, draft.purpose), is_late=is_late)


def _text_sent() -> tuple[str, str]:
    """Returns the text of the draft and an error of the form. An uploaded file takes precedence over the text field."""
    sent = request.files.get("file")
    if sent is not None and sent.filename:
        raw = sent.read(4 * MAX_CHARACTERS + 1)
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            return request.form.get("text", ""), NOT_TEXT
    else:
        text = request.form.get("text", "")
    text = text.replace("\r\n", "\n")
    if len(text) > MAX_CHARACTERS:
        return text, TOO_LONG
    return text, EMPTY if is_blank(text) else ""


def _page(result: DraftResult) -> ResponseReturnValue:
    html = render_template(
        "flows/draft.html",
        result=result,
        picture=_picture(result.draft),
        files=sorted(options().flows.file_texts()),
        longest_note=SHORT_TEXT,
    )
    if result.findings or result.error:
        return html, 422
    return html, 409 if result.is_late else 200


def _picture(draft: Draft | None) -> str:
    """Returns the diagram of a draft as a data URL, because an unpublished draft has no address of its own."""
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
