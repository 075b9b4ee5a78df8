"""What every call asks on arriving, answered from a short memory: opening hours, the number dialled, known outages.

A first webhook must cost one insert and no questions; so the calendar's day and the notices are read once in a while
for all calls of this process, and the first turn they lead to is taken once for all who dialled the same number. All
of it is at most REMEMBERED old.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from hotline.rules.calls.flow_actions import ActionOutcome, AskDialled, AskHours, FlowAction, TellNotices
from hotline.rules.calls.hours import DayKind, kind_of_day, opening_state
from hotline.rules.enums import Language
from hotline.rules.phone_numbers import parse_number
from hotline.store.calendar import CalendarDay
from hotline.store.calls.outages import outages_at
from hotline.unit_of_work import Application
from ivr_flows.engine import advance, enter
from ivr_flows.flow import Flow
from ivr_flows.speech import Notice
from ivr_flows.turn import Answer, Turn

REMEMBERED = timedelta(seconds=2)
MOST_NUMBERS = 100
"""First turns remembered at a time; a city is called at fewer numbers, whoever makes them up empties the memory."""
Common = AskDialled | AskHours | TellNotices
"""Wishes whose answer does not depend on who calls."""
T = TypeVar("T")


@dataclass
class _Memory(Generic[T]):
    """A value read again when it is older than REMEMBERED. Two threads may read at once; both read the same."""

    read: Callable[[datetime], T]
    value: tuple[datetime, T] | None = None

    def at(self, moment: datetime) -> T:
        known = self.value
        if known is None or not known[0] <= moment < known[0] + REMEMBERED:
            known = self.value = (moment, self.read(moment))
        return known[1]


@dataclass
class Lobby:
    """Answers what does not depend on who calls. One for each process."""

    application: Application
    _day: _Memory[DayKind] = field(init=False)
    _notices: _Memory[tuple[Notice, ...]] = field(init=False)
    _first: dict[tuple[str, str, str], _Memory[Turn]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._day = _Memory(self._read_day)
        self._notices = _Memory(self._read_notices)

    def first_turn(self, flow: Flow, dialled: str) -> Turn:
        """Return the first turn of a call, as far as it does not depend on who calls."""
        key = (flow.name, flow.version, dialled)
        if key not in self._first and len(self._first) >= MOST_NUMBERS:
            self._first.clear()
        memory = self._first.setdefault(key, _Memory(lambda at: self._begin(flow, dialled, at)))
        return memory.at(self.application.clock())

    def answer(self, wish: Common, dialled: str, at: datetime) -> Answer:
        match wish:
            case AskDialled():
                return Answer(parse_number(dialled) or ActionOutcome.OTHER)
            case AskHours(schedule=name):
                schedule = self.application.policies.callers.schedules[name]
                return Answer(
                    opening_state(schedule, at.astimezone(self.application.policies.zone), self._day.at(at))
                )
            case TellNotices():
                told = self._notices.at(at)
                return Answer(ActionOutcome.YES, told) if told else Answer(ActionOutcome.NO)

    def _begin(self, flow: Flow, dialled: str, moment: datetime) -> Turn:
        def known(wish: FlowAction) -> Answer | None:
            return self.answer(wish, dialled, moment) if isinstance(wish, Common) else None

        return advance(flow, enter(flow), known)

    def _read_day(self, moment: datetime) -> DayKind:
        day = moment.astimezone(self.application.policies.zone).date()
        with self.application.read_session() as session:
            known = session.get(CalendarDay, day)
        working, note = (None, "") if known is None else (known.is_working, known.note)
        return kind_of_day(day.isoweekday(), working, note)

    def _read_notices(self, moment: datetime) -> tuple[Notice, ...]:
        with self.application.read_session() as session:
            return tuple(
                as_line(f"n{notice.id}", notice.text_zh, notice.text_en)
                for notice in outages_at(session, moment)
            )


def as_line(key: str, text_zh: str, text_en: str) -> Notice:
    """Return words written for today as a line; without English everybody hears the Chinese."""
    texts = ((Language.ZH_CN, text_zh), (Language.EN, text_en))
    return Notice(key, tuple((language, text) for language, text in texts if text))
