"""Two languages and one way to write a number: Chinese is what the source says, English its full translation.

Durations are 0:42, times 14:03, days 11月23日 周一, and a rate always shows its base.
"""

from datetime import datetime

from babel import Locale
from babel.dates import format_datetime
from flask import Flask, request
from flask_babel import Babel, get_locale
from werkzeug.wrappers import Response as BaseResponse

from agent_console.web.console_context import HERE, application, options

LOCALES = {"zh_CN": "中文", "en": "English"}
"""What can be chosen, each named in its own language."""
COOKIE = "locale"
YEAR = 365 * 24 * 3600


def N_(msgid: str) -> str:  # noqa: N802 (the name message extraction knows)
    """Mark a Chinese msgid in a table; it is translated where it is shown."""
    return msgid


def speak(app: Flask) -> None:
    """Choose the language of every request and teach templates to write moments, durations and rates."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(HERE / "translations")
    Babel(app, default_locale="zh_Hans_CN", locale_selector=_chosen)
    app.jinja_env.filters.update(
        duration=duration,
        clock=clock,
        clock_exact=clock_exact,
        day=day,
        moment=moment,
        rate=rate,
        count=count,
    )
    app.jinja_env.globals.update(locales=LOCALES, locale_name=locale_name)


def _chosen() -> str:
    """The browser's explicit choice, else the city's language."""
    wanted = request.cookies.get(COOKIE) or options().default_locale
    return "en" if wanted.startswith("en") else "zh_Hans_CN"


def locale_name() -> str:
    """Return the language of this request as a key of `LOCALES`."""
    return "en" if _locale().language == "en" else "zh_CN"


def _locale() -> Locale:
    return get_locale() or Locale("zh", "CN", "Hans")


def duration(seconds: float | None) -> str:
    """Return whole seconds as 0:42, 12:05 or 1:02:33; an unknown duration as a dash."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def clock(at: datetime | None) -> str:
    """Return the local time of day as 14:03."""
    return _local(at, "HH:mm")


def clock_exact(at: datetime | None) -> str:
    """Return the local time of day as 14:03:22."""
    return _local(at, "HH:mm:ss")


def day(at: datetime | None) -> str:
    """Return the local day as 11月23日 周一, or Mon 23 Nov."""
    return _local(at, "EEE d MMM" if _locale().language == "en" else "M月d日 EEE")


def moment(at: datetime | None) -> str:
    """Return day and time; the year only when it is not this one."""
    if at is None:
        return "–"
    zone = application().policies.zone
    now = application().clock()
    year = "" if at.astimezone(zone).year == now.astimezone(zone).year else _local(at, "yyyy ")
    return f"{year}{day(at)} {clock(at)}"


def _local(at: datetime | None, pattern: str) -> str:
    if at is None:
        return "–"
    return format_datetime(at, pattern, tzinfo=application().policies.zone, locale=_locale())


def rate(part: int, whole: int) -> str:
    """Return 99.51% (47,878/48,116), rounded half-up from the integers; a dash without a base."""
    if whole == 0:
        return f"– (0/{whole})"
    hundredths = (part * 20000 + whole) // (2 * whole)
    return f"{hundredths // 100}.{hundredths % 100:02}% ({part:,}/{whole:,})"


def count(number: int) -> str:
    return f"{number:,}"


def keep(response: BaseResponse, locale: str) -> None:
    """Remember a language in this browser."""
    response.set_cookie(
        COOKIE, locale, max_age=YEAR, httponly=True, samesite="Lax", secure=options().secure_cookies
    )
