"""`/console/settings`: each kind of the city's data as a form and as text; drafts, publications, history, roll-back."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from agent_console.settings import labels
from agent_console.web.auth import current_person, needs
from agent_console.web.city_catalog import CityRefused, Difference, FormSection, TextProblem, Texts
from agent_console.web.console_context import application, options
from agent_console.web.domain_errors import entry_of
from agent_console.web.kept_forms import RejectedForm, page_key, read_kept
from agent_console.web.labels import N_
from agent_console.web.reauthentication import needs_recent_proof
from hotline.rules.city import CityKind
from hotline.rules.errors import DomainError, LostRace, NoSuchCityVersion, UnitInUse
from hotline.rules.people.actors import Right
from hotline.rules.text import SHORT_TEXT, clean, is_blank
from hotline.services.city import consequences, drafts, publications
from hotline.services.city.consequences import Consequences
from hotline.services.city.data import CityData
from hotline.services.city.drafts import DraftView
from hotline.services.people.kept_forms import drop_form
from hotline.unit_of_work import ReadSession

# Ten times the longest text of a large city.
MAX_CHARACTERS = 300_000
# Differences and moved deadlines that a page lists; the rest is counted.
SHOWN = 100
TEXT = "text"
_SECRET = re.compile(r"(?m)^(\s*secret\s*=\s*).*$")
TOO_LONG = N_("内容过长，请分成几次修改。")
EMPTY = N_("内容为空。要恢复，请放弃草稿。")


@dataclass(frozen=True, slots=True)
class Edited:
    """A text as an editor has left it, and what its check has found.

    `data` is None if there are `problems` or nothing differs. `newer`: the version that another person published for the
    same kind since the draft was begun.
    """

    kind: CityKind
    text: str
    based_on: int
    in_force: int
    problems: tuple[TextProblem, ...] = ()
    differences: tuple[Difference, ...] = ()
    data: CityData | None = None
    effects: Consequences | None = None
    newer: int = 0
    error: str = ""
    note: str = ""
    draft: DraftView | None = None
    others: tuple[DraftView, ...] = ()
    kept: RejectedForm | None = None
    sections: tuple[FormSection, ...] | None = None


@needs(Right.READ_CITY)
def index() -> ResponseReturnValue:
    """Lists the kinds, with the drafts of all editors and the latest versions."""
    with application().read_session() as reading:
        history = publications.versions(reading, limit=10)
        saved = drafts.list_drafts(reading)
    return render_template(
        "settings/index.html",
        kinds=labels.KINDS,
        explanations=labels.EXPLANATIONS,
        history=history,
        drafts=saved,
        may_edit=_may_edit(),
    )


@needs(Right.READ_CITY)
def show(kind: str) -> ResponseReturnValue:
    """Shows a kind as a form, or with `as=text` as text: the editor's own draft if there is one, else what is in force."""
    chosen = _kind(kind)
    kept = read_kept(current_person().id, "settings", kind) if _may_edit() else None
    with application().read_session() as reading:
        edited = _edited(reading, chosen, None)
        if kept is not None:
            text = _typed_text(chosen, edited.text, kept.typed)
            edited = _edited(reading, chosen, text, kept=kept)
    return _page(edited, _as_text())


@needs(Right.MANAGE_CITY)
def save(kind: str) -> ResponseReturnValue:
    """Saves what was typed as a draft and checks it. A text with problems is saved too."""
    chosen = _kind(kind)
    person = current_person()
    with application().read_session() as reading:
        before = _edited(reading, chosen, None)
    text = _typed_text(chosen, before.text, request.form)
    error = TOO_LONG if len(text) > MAX_CHARACTERS else EMPTY if is_blank(text) else ""
    with application().unit_of_work(person) as work:
        if not error:
            based_on = before.draft.based_on if before.draft else before.in_force
            drafts.save_draft(work, person.id, chosen, text, based_on=based_on)
            drop_form(work, person.id, page_key("settings", kind))
    with application().read_session() as reading:
        return _page(_edited(reading, chosen, text, error=error), _as_text())


@needs(Right.MANAGE_CITY)
@needs_recent_proof
def publish(kind: str) -> ResponseReturnValue:
    """Publishes the editor's draft of a kind, over the other kinds as they are in force at this moment.

    The page shows the newer version, and publishes nothing, if another person has published the same kind meanwhile.
    """
    chosen, person = _kind(kind), current_person()
    note = clean(request.form.get("note", ""))[:SHORT_TEXT]
    with application().read_session() as reading:
        edited = _edited(reading, chosen, None, note=note)
    seen = request.form.get("seen", "")
    if edited.draft is None or edited.data is None or edited.newer or seen != str(edited.in_force):
        return _page(edited, _as_text(), 409)
    texts = {**_in_force(edited.in_force), chosen: edited.text}
    try:
        with application().unit_of_work(person) as work:
            done = publications.publish(work, texts, edited.data, based_on=edited.in_force, note=note)
            drafts.drop_draft(work, person.id, chosen)
    except LostRace:
        with application().read_session() as reading:
            return _page(_edited(reading, chosen, None, note=note), _as_text(), 409)
    except DomainError as error:
        with application().read_session() as reading:
            return _page(_edited(reading, chosen, None, note=note, error=_words(error)), _as_text(), 409)
    flash(_published_words(done), "done")
    return redirect(url_for("settings.version", number=done.version), 303)


@needs(Right.MANAGE_CITY)
def discard(kind: str) -> ResponseReturnValue:
    """Removes the editor's draft of a kind."""
    chosen = _kind(kind)
    with application().unit_of_work(current_person()) as work:
        drafts.drop_draft(work, current_person().id, chosen)
    flash(_("草稿已放弃，下面是现行内容。"), "done")
    return redirect(url_for("settings.show", kind=kind), 303)


@needs(Right.READ_CITY)
def version(number: int) -> ResponseReturnValue:
    """Shows a version: who published it, in what it differs from the one before, and the way back to it."""
    return _version_page(number)


@needs(Right.READ_CITY)
def version_text(number: int, kind: str) -> ResponseReturnValue:
    """Answers with the text of one kind in a version, for a copy."""
    texts = _texts_or_404(number)
    if _kind(kind) not in texts:
        raise NotFound
    name = f"{kind}-{number}.toml"
    return Response(
        texts[_kind(kind)],
        mimetype="application/toml",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@needs(Right.MANAGE_CITY)
@needs_recent_proof
def restore(number: int) -> ResponseReturnValue:
    """Publishes the texts of an older version again, after checking them against what is in force today."""
    note = clean(request.form.get("note", ""))[:SHORT_TEXT]
    texts = options().city.complete(_texts_or_404(number))
    with application().read_session() as reading:
        in_force = publications.current_version(reading)
        try:
            data = options().city.check(reading, texts, None)
        except CityRefused as refused:
            return _version_page(number, refused.problems), 422
    try:
        with application().unit_of_work(current_person()) as work:
            done = publications.publish(work, texts, data, based_on=in_force, note=note, restores=number)
    except DomainError as error:
        flash(_words(error), "error")
        return redirect(url_for("settings.version", number=number), 303)
    flash(_published_words(done), "done")
    return redirect(url_for("settings.version", number=done.version), 303)


def brand_css() -> ResponseReturnValue:
    """Answers with the city's colour as a style sheet of light pages; the pages of people who are not signed in have it too."""
    colour = options().city.data.brand.colour
    rule = f"{{ --act: {colour}; }}" if colour else "{}"
    light = '@media (prefers-color-scheme: light) {{ :root[data-theme="system"] {rule} }}'
    text = f':root[data-theme="light"] {rule}\n{light.format(rule=rule)}\n'
    return Response(text, mimetype="text/css", headers={"Cache-Control": "public, max-age=86400"})


def _version_page(number: int, problems: tuple[TextProblem, ...] = ()) -> str:
    texts = _texts_or_404(number)
    with application().read_session() as reading:
        view = publications.version_view(reading, number)
        before = _readable(publications.texts_of(reading, view.replaces)) if view.replaces else {}
        in_force = publications.current_version(reading)
        now = _readable(publications.texts_of(reading, in_force))
    since = options().city.differences(now, texts) if number != in_force else ()
    return render_template(
        "settings/version.html",
        version=view,
        kinds=labels.KINDS,
        differences=options().city.differences(before, texts) if before else (),
        since=since,
        in_force=in_force,
        problems=problems,
        shown=SHOWN,
        may_edit=_may_edit(),
        longest_note=SHORT_TEXT,
    )


def _edited(
    reading: ReadSession,
    kind: CityKind,
    text: str | None,
    *,
    error: str = "",
    note: str = "",
    kept: RejectedForm | None = None,
) -> Edited:
    """Returns `text`, or the draft, or what is in force, with the result of its check."""
    in_force = publications.current_version(reading)
    texts = _readable(_texts(reading, in_force))
    saved = drafts.list_drafts(reading)
    person_id = current_person().id
    own = next((draft for draft in saved if (draft.user_id, draft.kind) == (person_id, kind)), None)
    others = tuple(draft for draft in saved if draft.kind is kind and draft.user_id != person_id)
    chosen = text if text is not None else own.text if own else texts[kind]
    based_on = own.based_on if own else in_force
    edited = Edited(
        kind,
        chosen,
        based_on,
        in_force,
        error=error,
        note=note,
        draft=own,
        others=others,
        kept=kept,
        newer=_newer(reading, kind, based_on, in_force),
        sections=options().city.form(kind, chosen),
    )
    if chosen == texts[kind] or error:
        return edited
    return _checked(reading, edited, texts)


def _checked(reading: ReadSession, edited: Edited, texts: Texts) -> Edited:
    after = {**texts, edited.kind: edited.text}
    differences = options().city.differences(texts, after)
    try:
        data = options().city.check(reading, after, texts)
    except CityRefused as refused:
        return replace(edited, problems=refused.problems, differences=differences)
    with application().read_only_unit(current_person()) as work:
        effects = consequences.preview(work, data)
    return replace(edited, differences=differences, data=data, effects=effects)


def _newer(reading: ReadSession, kind: CityKind, based_on: int, in_force: int) -> int:
    """Returns the version in force if the text of `kind` has changed since `based_on`, else 0."""
    if not based_on or based_on == in_force:
        return 0
    then, now = publications.texts_of(reading, based_on), publications.texts_of(reading, in_force)
    return in_force if then.get(kind) != now.get(kind) else 0


def _typed_text(kind: CityKind, text: str, typed: Mapping[str, str]) -> str:
    if "text" in typed:
        return typed["text"].replace("\r\n", "\n")
    return options().city.filled(kind, text, typed)


def _in_force(version: int) -> dict[CityKind, str]:
    with application().read_session() as reading:
        return _texts(reading, version)


def _texts(reading: ReadSession, version: int) -> dict[CityKind, str]:
    """Returns the texts of a version; those of the folder while nothing has been published."""
    kept = publications.texts_of(reading, version) if version else options().city.texts
    return options().city.complete(kept)


def _readable(texts: Texts) -> dict[CityKind, str]:
    """Returns the texts as the acting person may read them: secrets are for those who may change them."""
    if _may_edit():
        return dict(texts)
    return {kind: _SECRET.sub(r'\1"…"', text) for kind, text in texts.items()}


def _texts_or_404(number: int) -> dict[CityKind, str]:
    try:
        with application().read_session() as reading:
            return _readable(publications.texts_of(reading, number))
    except NoSuchCityVersion:
        raise NotFound from None


def _page(edited: Edited, as_text: bool, status: int = 200) -> ResponseReturnValue:
    is_text = as_text or edited.sections is None
    html = render_template(
        "settings/kind.html",
        e=edited,
        is_text=is_text,
        title=labels.KINDS[edited.kind],
        explanation=labels.EXPLANATIONS[edited.kind],
        longest_note=SHORT_TEXT,
        shown=SHOWN,
        may_edit=_may_edit(),
    )
    return html, 422 if edited.problems or edited.error else status


def _as_text() -> bool:
    return request.args.get("as") == TEXT or "text" in request.form


def _may_read() -> bool:
    return current_person().may(Right.READ_CITY)


def _may_edit() -> bool:
    return current_person().may(Right.MANAGE_CITY)


def _kind(name: str) -> CityKind:
    try:
        return CityKind(name)
    except ValueError:
        raise NotFound from None


def _words(error: DomainError) -> str:
    if isinstance(error, UnitInUse):
        return str(
            _(
                "单位 %(code)s 还有 %(tickets)s 张未办结工单、%(people)s 位用户。请先填写承接单位。",
                code=error.code,
                tickets=error.tickets,
                people=error.people,
            )
        )
    return str(_(entry_of(error).words))


def _published_words(done: publications.Published) -> str:
    words = str(_("已发布第 %(n)s 版，10 秒内在所有进程生效。", n=done.version))
    if done.units.tickets or done.units.users:
        words += str(
            _("%(t)s 张未办结工单、%(u)s 位用户已转入承接单位。", t=done.units.tickets, u=done.units.users)
        )
    if done.deadlines:
        words += str(_("%(n)s 张未办结工单的期限已重新计算。", n=done.deadlines))
    return words


def pages() -> Blueprint:
    blueprint = Blueprint("settings", __name__, url_prefix="/console/settings")
    blueprint.add_app_template_global(_may_read, "may_read_city")
    blueprint.add_app_template_filter(labels.section_label, "city_section")
    blueprint.add_app_template_filter(labels.field_words, "city_field")
    blueprint.add_app_template_filter(labels.difference_words, "city_difference")
    blueprint.add_app_template_filter(labels.problem_place, "city_place")
    blueprint.add_app_template_filter(labels.value_words, "city_value")
    blueprint.add_app_template_filter(labels.time_unit, "city_unit")
    blueprint.add_url_rule("", "index", index)
    blueprint.add_url_rule("/brand.css", "brand_css", brand_css)
    blueprint.add_url_rule("/versions/<int(max=999999999):number>", "version", version)
    blueprint.add_url_rule(
        "/versions/<int(max=999999999):number>/restore", "restore", restore, methods=["POST"]
    )
    blueprint.add_url_rule("/versions/<int(max=999999999):number>/<kind>.toml", "version_text", version_text)
    blueprint.add_url_rule("/<kind>", "show", show)
    blueprint.add_url_rule("/<kind>", "save", save, methods=["POST"])
    blueprint.add_url_rule("/<kind>/publish", "publish", publish, methods=["POST"])
    blueprint.add_url_rule("/<kind>/discard", "discard", discard, methods=["POST"])
    return blueprint
