"""The two languages of the console, and the formats of times, durations, counts and rates.

Chinese texts are the msgids of the source; English is a full translation. Durations are written 0:42, times 14:03,
days 11月23日 周一; a rate always shows its base.
"""

from datetime import date, datetime

from babel import Locale
from babel.dates import format_date, format_datetime
from flask import Flask, request
from flask_babel import Babel, get_locale
from werkzeug.wrappers import Response as BaseResponse

from agent_console.web.console_context import HERE, application, options
from hotline.rules.tickets.deadlines import day_that_ends

# The languages to choose from, each named in itself.
LOCALES = {"zh_CN": "中文", "en": "English"}
COOKIE = "locale"
YEAR = 365 * 24 * 3600


def init_locale(app: Flask) -> None:
    """Sets up the language of each request and adds the format filters to templates."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(HERE / "translations")
    Babel(app, default_locale="zh_Hans_CN", locale_selector=_chosen)
    app.jinja_env.filters.update(
        duration=duration,
        clock=clock,
        clock_exact=clock_exact,
        day=day,
        day_name=day_name,
        moment=moment,
        due=due,
        rate=rate,
        count=count,
    )
    app.jinja_env.globals.update(locales=LOCALES, locale_name=locale_name)


def _chosen() -> str:
    """Returns the language the browser chose, or the city's."""
    wanted = request.cookies.get(COOKIE) or options().default_locale
    return "en" if wanted.startswith("en") else "zh_Hans_CN"


def locale_name() -> str:
    """Returns the language of this request as a key of `LOCALES`."""
    return "en" if _locale().language == "en" else "zh_CN"


def _locale() -> Locale:
    return get_locale() or Locale("zh", "CN", "Hans")


def duration(seconds: float | None) -> str:
    """Returns whole seconds as 0:42, 12:05 or 1:02:33; an unknown duration as a dash."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def clock(at: datetime | None) -> str:
    """Returns the local time of day as 14:03."""
    return _local(at, "HH:mm")


def clock_exact(at: datetime | None) -> str:
    """Returns the local time of day as 14:03:22."""
    return _local(at, "HH:mm:ss")


def day(at: datetime | None) -> str:
    """Returns the local day as 11月23日 周一, or Mon 23 Nov."""
    return _local(at, "EEE d MMM" if _locale().language == "en" else "M月d日 EEE")


def day_name(value: date) -> str:
    """Returns a calendar day as 11月24日 周二, or Tue 24 Nov."""
    locale = _locale()
    return str(format_date(value, "EEE d MMM" if locale.language == "en" else "M月d日 EEE", locale=locale))


def moment(at: datetime | None) -> str:
    """Returns day and time, with the year only if it is not the current one."""
    if at is None:
        return "–"
    zone = application().policies.zone
    now = application().clock()
    year = "" if at.astimezone(zone).year == now.astimezone(zone).year else _local(at, "yyyy ")
    return f"{year}{day(at)} {clock(at)}"


def due(at: datetime | None) -> str:
    """Returns the end of a period as 11月30日 周一 24:00 (midnight belongs to the day that ends) or 11月23日 周一 09:30."""
    ends = None if at is None else day_that_ends(at, application().policies.zone)
    if at is None or ends is None:
        return moment(at)
    year = (
        ""
        if ends.year == application().clock().astimezone(application().policies.zone).year
        else f"{ends.year} "
    )
    return f"{year}{day_name(ends)} 24:00"


def _local(at: datetime | None, pattern: str) -> str:
    if at is None:
        return "–"
    return format_datetime(at, pattern, tzinfo=application().policies.zone, locale=_locale())


def rate(part: int, whole: int) -> str:
    """Returns 99.51% (47,878/48,116), rounded half-up from the integers; a dash without a base."""
    if whole == 0:
        return f"– (0/{whole})"
    hundredths = (part * 20000 + whole) // (2 * whole)
    return f"{hundredths // 100}.{hundredths % 100:02}% ({part:,}/{whole:,})"


def count(number: int) -> str:
    return f"{number:,}"


def as_milliseconds(at: datetime) -> int:
    """Returns a moment in milliseconds since 1970."""
    return int(at.timestamp() * 1000)


def remember_locale(response: BaseResponse, locale: str) -> None:
    """Stores a language in this browser for a year."""
    response.set_cookie(
        COOKIE, locale, max_age=YEAR, httponly=True, samesite="Lax", secure=options().secure_cookies
    )
