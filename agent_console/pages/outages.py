"""`/console/notices`: outage announcements that callers hear first; running ones on top, with a button to stop them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from agent_console.web.auth import current_person, needs
from agent_console.web.console_context import application
from agent_console.web.filters import PAGE_ROWS, Filters
from agent_console.web.kept_forms import RejectedForm, page_key, read_kept
from agent_console.web.labels import N_, problem_label
from agent_console.web.typed_days import canonical_moment
from hotline.rules.calls.outages import OutageState, outage_state
from hotline.rules.errors import InvalidFields, LostRace
from hotline.rules.people.actors import Right
from hotline.services.calls import outages
from hotline.services.people.kept_forms import drop_form
from hotline.store.calls.outages import Outage, OutageLine, open_outages, past_outages
from hotline.store.cursors import BadCursor, Page
from hotline.store.tickets.lists import end_of_day

FIELDS = ("text_zh", "text_en", "starts_at", "lasts", "ends_at")
MINUTES = {"30": N_("30 分钟"), "60": N_("1 小时"), "120": N_("2 小时"), "240": N_("4 小时")}
TODAY, AT = "today", "at"
# Choices for the end of an announcement -> label.
END_CHOICES: dict[str, str] = {**MINUTES, TODAY: N_("到今天 24:00"), AT: N_("到指定时间")}
USUAL = "60"


@dataclass(frozen=True, slots=True)
class OutageForm:
    """The typed values of the form, and its errors: field -> words."""

    typed: dict[str, str]
    errors: dict[str, str]
    kept: RejectedForm | None = None

    def value(self, name: str) -> str:
        return self.typed.get(name, "")

    def error(self, name: str) -> str:
        return self.errors.get(name, "")


BLANK = OutageForm({"lasts": USUAL}, {})


@needs(Right.READ_OUTAGES)
def index() -> ResponseReturnValue:
    kept = read_kept(current_person().id, "notice")
    return _page(BLANK if kept is None else OutageForm({**BLANK.typed, **kept.typed}, {}, kept))


@needs(Right.ANNOUNCE)
def announce() -> ResponseReturnValue:
    """Announces an outage. A rejected form is shown again in full, each error beside its field."""
    typed = {name: request.form.get(name, "") for name in FIELDS}
    try:
        with application().unit_of_work(current_person()) as work:
            starts_at, ends_at = _moments(typed, work.at)
            outages.announce(
                work,
                text_zh=typed["text_zh"],
                text_en=typed["text_en"],
                starts_at=starts_at,
                ends_at=ends_at,
            )
            drop_form(work, current_person().id, page_key("notice"))
    except InvalidFields as error:
        errors = {name: problem_label(code) for name, code in error.errors.items()}
        return _page(OutageForm(typed, errors))
    flash(
        _("已发布。几秒钟内，新来电就会听到。") if starts_at is None else _("已排定，到时间自动播报。"),
        "done",
    )
    return redirect(url_for("notices.index"), 303)


@needs(Right.ANNOUNCE)
def stop(outage_id: int) -> ResponseReturnValue:
    try:
        with application().unit_of_work(current_person()) as work:
            outages.stop(work, outage_id)
    except LostRace:
        flash(_("这条通知已经结束，无需停止。"), "warning")
    else:
        flash(_("已停止，新来电不再听到。"), "done")
    return redirect(url_for("notices.index"), 303)


def _moments(typed: dict[str, str], at: datetime) -> tuple[datetime | None, datetime]:
    """Returns start (None: now) and end. Raises InvalidFields."""
    errors: dict[str, str] = {}
    starts_at = _moment(typed, "starts_at", errors) if typed["starts_at"].strip() else None
    ends_at = _end(typed, starts_at or at, errors)
    if errors or ends_at is None:
        raise InvalidFields(errors)
    return starts_at, ends_at


def _end(typed: dict[str, str], start: datetime, errors: dict[str, str]) -> datetime | None:
    lasts = typed["lasts"]
    if lasts == AT:
        return _moment(typed, "ends_at", errors)
    try:
        if lasts in MINUTES:
            return start + timedelta(minutes=int(lasts))
        if lasts == TODAY:
            return end_of_day(start, application().policies.zone)
    except OverflowError:
        errors["starts_at"] = "not_a_moment"
        return None
    errors["ends_at"] = "unknown_value"
    return None


def _moment(typed: dict[str, str], name: str, errors: dict[str, str]) -> datetime | None:
    """Parses a local time of the city (2026-11-23 14:30). An error is added to `errors`."""
    try:
        moment = datetime.fromisoformat(canonical_moment(typed[name].strip()))
    except ValueError:
        errors[name] = "not_a_moment"
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=application().policies.zone)


def _page(form: OutageForm) -> ResponseReturnValue:
    filters, at = Filters(), application().clock()
    past: Page[OutageLine] = Page((), None)
    with application().read_session() as session:
        open_now = open_outages(session, at)
        try:
            past = past_outages(session, at, limit=PAGE_ROWS, cursor=filters.cursor)
        except BadCursor:
            filters.rejected.append("cursor")
    html = render_template(
        "pages/outages.html",
        filters=filters,
        form=form,
        open=open_now,
        page=past,
        lasting=END_CHOICES,
        may_announce=current_person().may(Right.ANNOUNCE),
        longest_zh=outages.MAX_LENGTH_ZH,
        longest_en=outages.MAX_LENGTH_EN,
    )
    return html, 422 if filters.rejected or form.errors else 200


def state_of_outage(notice: Outage) -> OutageState:
    """Returns the state of an outage announcement now."""
    return outage_state(notice.starts_at, notice.ends_at, notice.stopped_at, application().clock())


def pages() -> Blueprint:
    blueprint = Blueprint("notices", __name__, url_prefix="/console/notices")
    blueprint.add_url_rule("", "index", index)
    blueprint.add_url_rule("", "announce", announce, methods=["POST"])
    blueprint.add_url_rule("/<int(max=2147483647):outage_id>/stop", "stop", stop, methods=["POST"])
    blueprint.add_app_template_global(state_of_outage, "state_of_outage")
    return blueprint
