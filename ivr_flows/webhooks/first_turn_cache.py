"""Caches what every arriving call needs whoever calls: opening hours, outages, the first turn.

The first webhook must cost one insert and no query. So the day's calendar and the outages are read once for all calls
of this process, and the first turn is computed once for each dialled number. Everything is at most MAX_AGE old.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from hotline.rules.calls.flow_actions import (
    ActionOutcome,
    AnnounceOutages,
    CheckOpeningHours,
    FlowAction,
    MatchDialledNumber,
)
from hotline.rules.calls.opening_hours import DayKind, kind_of_day, opening_state
from hotline.rules.enums import Language
from hotline.rules.phone_numbers import parse_number
from hotline.store.calendar import CalendarDay
from hotline.store.calls.outages import outages_at
from hotline.unit_of_work import Application
from ivr_flows.engine import advance, enter
from ivr_flows.flow import Flow
from ivr_flows.speech import SpokenNotice
from ivr_flows.turn import ActionResult, DialogTurn

MAX_AGE = timedelta(seconds=2)
# First turns kept at a time. A city is called at fewer numbers; invented ones empty the cache.
MAX_NUMBERS = 100
# Actions whose outcome does not depend on the caller.
SharedAction = MatchDialledNumber | CheckOpeningHours | AnnounceOutages
T = TypeVar("T")


@dataclass
class _CachedValue(Generic[T]):
    """A value that is read again when it is older than MAX_AGE. Two threads may read it at once; both read the same."""

    read: Callable[[datetime], T]
    value: tuple[datetime, T] | None = None

    def at(self, moment: datetime) -> T:
        known = self.value
        if known is None or not known[0] <= moment < known[0] + MAX_AGE:
            known = self.value = (moment, self.read(moment))
        return known[1]


@dataclass
class FirstTurnCache:
    """Performs the shared actions. There is one instance for each process."""

    application: Application
    _day: _CachedValue[DayKind] = field(init=False)
    _notices: _CachedValue[tuple[SpokenNotice, ...]] = field(init=False)
    _first: dict[tuple[str, str, str], _CachedValue[DialogTurn]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._day = _CachedValue(self._read_day)
        self._notices = _CachedValue(self._read_notices)

    def first_turn(self, flow: Flow, dialled: str) -> DialogTurn:
        """Returns the first turn of a call, as far as it does not depend on the caller."""
        key = (flow.name, flow.version, dialled)
        if key not in self._first and len(self._first) >= MAX_NUMBERS:
            self._first.clear()
        memory = self._first.setdefault(key, _CachedValue(lambda at: self._begin(flow, dialled, at)))
        return memory.at(self.application.clock())

    def answer(self, action: SharedAction, dialled: str, at: datetime) -> ActionResult:
        match action:
            case MatchDialledNumber():
                number = parse_number(dialled, self.application.policies.number)
                return ActionResult(number or ActionOutcome.OTHER)
            case CheckOpeningHours(schedule=name):
                schedule = self.application.policies.callers.schedules[name]
                return ActionResult(
                    opening_state(schedule, at.astimezone(self.application.policies.zone), self._day.at(at))
                )
            case AnnounceOutages():
                notices = self._notices.at(at)
                return ActionResult(ActionOutcome.YES, notices) if notices else ActionResult(ActionOutcome.NO)

    def _begin(self, flow: Flow, dialled: str, moment: datetime) -> DialogTurn:
        def known(action: FlowAction) -> ActionResult | None:
            return self.answer(action, dialled, moment) if isinstance(action, SharedAction) else None

        return advance(flow, enter(flow), known)

    def _read_day(self, moment: datetime) -> DayKind:
        day = moment.astimezone(self.application.policies.zone).date()
        with self.application.read_session() as session:
            known = session.get(CalendarDay, day)
        working, note = (None, "") if known is None else (known.is_working, known.note)
        return kind_of_day(day.isoweekday(), working, note)

    def _read_notices(self, moment: datetime) -> tuple[SpokenNotice, ...]:
        with self.application.read_session() as session:
            return tuple(
                spoken_notice(f"n{notice.id}", notice.text_zh, notice.text_en)
                for notice in outages_at(session, moment)
            )


def spoken_notice(key: str, text_zh: str, text_en: str) -> SpokenNotice:
    """Returns a text written for today as a line; without an English text, English calls hear the Chinese one."""
    texts = ((Language.ZH_CN, text_zh), (Language.EN, text_en))
    return SpokenNotice(key, tuple((language, text) for language, text in texts if text))
