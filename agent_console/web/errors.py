"""Error pages in both languages, with the request id a person can report to IT.

A browser gets a page, a script a short text, a program a problem document (RFC 9457). No internal detail is shown.
"""

import logging
from dataclasses import dataclass

import structlog
from flask import Flask, Response, flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable, default_exceptions

from agent_console.web.auth import signed_in_or_none
from agent_console.web.domain_errors import entry_of
from agent_console.web.kept_forms import UNTYPED, form_author, keep_request, labelled_typed_fields
from agent_console.web.labels import N_
from hotline.gateways.storage.object_storage import NoSuchObject, StorageError
from hotline.rules.errors import DomainError
from hotline.rules.failures import failure_reason
from hotline.services.people.kept_forms import KeptReason
from hotline.store.cursors import BadCursor
from hotline.store.engine import UNAVAILABLE

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """The words of an error page: what happened, and what to do now (Chinese msgids)."""

    title: str
    advice: str


ERROR_PAGES = {
    400: ErrorPage(N_("请求无法理解"), N_("请返回上一页，检查后重试。")),
    401: ErrorPage(N_("请先登录"), N_("登录已结束，刚才没有提交。")),
    403: ErrorPage(N_("没有权限"), N_("您的角色不能打开此页。如需要，请联系管理员。")),
    404: ErrorPage(N_("页面不存在"), N_("地址可能有误，或者内容已不在这里。")),
    405: ErrorPage(N_("此操作不可用"), N_("请从页面上的按钮操作。")),
    413: ErrorPage(N_("内容太大"), N_("请缩小文件后重试。")),
    429: ErrorPage(N_("尝试次数过多"), N_("为保护帐号，请稍等几分钟再登录。")),
    500: ErrorPage(N_("系统出错了"), N_("已记录。请稍后重试；如再次出现，请报出下面的编号。")),
    503: ErrorPage(N_("系统暂时不可用"), N_("请稍后重试；如持续出现，请报出下面的编号。")),
}
EXPIRED_FORM = ErrorPage(
    N_("页面已过期"), N_("登录状态已变化或页面停留太久，刚才没有提交。请刷新页面后重试。")
)
SOUND_MISSING = ErrorPage(N_("录音不在存储中"), N_("声音文件不见了，请联系管理员，并报出下面的编号。"))
SOUND_UNAVAILABLE = ErrorPage(N_("录音存储暂时不可用"), N_("请稍后重试；如持续出现，请报出下面的编号。"))
# The same form may succeed a moment later.
PASSING = frozenset({429, 500, 502, 503, 504})
RETRY_SECONDS = 5


def register_errors(app: Flask) -> None:
    for status in default_exceptions:
        app.register_error_handler(status, show_error)
    app.register_error_handler(CSRFError, show_error)
    app.register_error_handler(DomainError, show_domain_error)
    app.register_error_handler(BadCursor, show_domain_error)
    app.register_error_handler(StorageError, show_storage_error)
    for kind in UNAVAILABLE:
        app.register_error_handler(kind, show_unavailable)


def show_error(error: Exception) -> ResponseReturnValue:
    """Renders an HTTP error as a page, a text or a problem document, by who sent the request."""
    assert isinstance(error, HTTPException)  # noqa: S101 (Flask passes only these to the handler)
    if isinstance(error, InternalServerError):
        g.signed_in = None  # The database may be down, so the error page must not query it.
        log.error("request %s failed: %s %s", g.get("request_id"), request.method, request.endpoint)
    if error.response is not None:
        return error.response
    status = error.code or 500
    if request.path.startswith("/api/"):
        return _problem(status, error)
    if isinstance(error, CSRFError) and (kept := _kept_for_its_author()) is not None:
        return kept
    page = EXPIRED_FORM if isinstance(error, CSRFError) else ERROR_PAGES.get(status, ERROR_PAGES[400])
    return _page(status, page, error)


def show_unavailable(error: Exception) -> ResponseReturnValue:
    """Renders 503 while the database does not answer; the reason is logged once, without a traceback."""
    g.signed_in = None  # The error page must not query the database again.
    structlog.get_logger().error(
        "request.failed",
        request=g.get("request_id"),
        endpoint=request.endpoint,
        trouble=type(error).__name__,
        reason=failure_reason(error),
    )
    return show_error(ServiceUnavailable(retry_after=RETRY_SECONDS))


def show_storage_error(error: Exception) -> ResponseReturnValue:
    """Renders 404 for a sound that the storage has lost, 503 while the storage does not answer; the reason is logged."""
    is_missing = isinstance(error, NoSuchObject)
    structlog.get_logger().error(
        "sound.missing" if is_missing else "sound.unavailable",
        request=g.get("request_id"),
        reason=failure_reason(error),
    )
    if is_missing:
        return _page(404, SOUND_MISSING, None)
    return _page(503, SOUND_UNAVAILABLE, ServiceUnavailable(retry_after=RETRY_SECONDS))


def show_domain_error(error: Exception) -> ResponseReturnValue:
    """Renders a domain error that a page did not handle itself."""
    entry = entry_of(error)
    return _page(entry.status, ErrorPage(entry.title, entry.words), None)


def _page(status: int, page: ErrorPage, error: HTTPException | None) -> ResponseReturnValue:
    if request.headers.get("HX-Request") or request.accept_mimetypes.best == "application/json":
        text = f"{_(page.title)}{_('：')}{_(page.advice)}"
        return Response(
            text, status, mimetype="text/plain", headers={"X-Request-Id": str(g.get("request_id"))}
        )
    html = render_template(
        "errors/error.html",
        status=status,
        page=page,
        request_id=g.get("request_id"),
        typed=_typed(),
        untyped={name: text for name, text in request.form.items() if name in UNTYPED} if _typed() else {},
        may_repeat=status in PASSING,
    )
    response = Response(html, status)
    for name, value in error.get_headers() if error else ():
        if name.lower() in {"allow", "retry-after", "www-authenticate"}:
            response.headers[name] = value
    return response


def _typed() -> list[tuple[str, str, str]]:
    """Returns name, label and text of what was typed, so that an error page shows it."""
    if request.method != "POST":
        return []
    try:
        return labelled_typed_fields()
    except HTTPException:
        # A request that is larger than any form was not read, and has no typed text to show.
        return []


def _kept_for_its_author() -> ResponseReturnValue | None:
    """Keeps the form of an earlier session and leads its author back to it; None if its author is unknown."""
    kept_at = keep_request(KeptReason.OLD_PAGE)
    if kept_at is None:
        return None
    found = signed_in_or_none()
    if found is None:
        return redirect(url_for("auth.login", next=kept_at, kept=1), 303)
    if found.person.id == form_author():
        return redirect(kept_at, 303)
    flash(_("这个页面是另一位用户打开的，没有提交。填写的内容已为其保存。"), "warning")
    return redirect(url_for("auth.home"), 303)


def _problem(status: int, error: HTTPException) -> ResponseReturnValue:
    response = jsonify({"type": "about:blank", "title": error.name, "status": status})
    response.status_code = status
    response.mimetype = "application/problem+json"
    for name, value in error.get_headers():
        if name.lower() in {"allow", "retry-after", "www-authenticate"}:
            response.headers[name] = value
    return response
