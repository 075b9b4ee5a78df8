"""The five stories of the city, each with the people it needs. The carrier may disturb any of their steps."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tests.matrix.city import City
from tests.matrix.people import ANSWERS, Citizen, Impatience, Office, Operator

NUMBER = "+8613800001234"
SOON, LATER, MUCH_LATER = 45.0, 150.0, 900.0
"""When (exchange seconds) the operator sits down."""
WHILE_IT_RINGS = SOON + 1.5


class Name(StrEnum):
    """The stories by name."""

    REPORT = "report"
    """Waits, is answered; the operator leaves first; rates the talk; handed off, closed, asked whether it was solved."""
    CALLBACK = "callback"
    """Asks in the queue to be phoned back, is phoned, reaches a person and hangs up first."""
    IMPATIENT = "impatient"
    """Hangs up while a desk rings for them, and is phoned back."""
    MESSAGE = "message"
    """Nobody is on duty: leaves a message."""
    EMERGENCY = "emergency"
    """Is connected to the police."""


@dataclass(frozen=True)
class Plan:
    """`sits_down`: when the operator does; `on_duty`: whether they are about before that."""

    answers: Mapping[str, str] = field(default_factory=lambda: ANSWERS)
    sits_down: float = SOON
    on_duty: bool = True
    leaves_first: bool = False
    hangs_up_after: float | None = None


PLANS: Mapping[Name, Plan] = {
    Name.REPORT: Plan(),
    Name.CALLBACK: Plan(
        {**ANSWERS, "如果您不想等候": "1", "用您现在的号码回电请按1": "1"}, LATER, leaves_first=True
    ),
    Name.IMPATIENT: Plan(hangs_up_after=WHILE_IT_RINGS),
    Name.MESSAGE: Plan({**ANSWERS, "留言请按2": "2"}, MUCH_LATER, on_duty=False),
    Name.EMERGENCY: Plan({"紧急求助请按星号键": "*", "报警请按1": "1", **ANSWERS}, leaves_first=True),
}


@dataclass(frozen=True)
class Cast:
    """The people of a story, for checks after its end."""

    citizen: Citizen
    operator: Operator


async def tell(city: City, name: Name) -> Cast:
    """Let the story begin; it goes on while the city keeps time."""
    plan = PLANS[name]
    office = await asyncio.to_thread(Office, city.application)
    operator = await asyncio.to_thread(Operator, city.exchange, city.application)
    citizen = Citizen(city.exchange, NUMBER, plan.answers, leaves_first=plan.leaves_first)
    if plan.on_duty:
        await asyncio.to_thread(operator.take_a_break)
    city.hands += [operator.act, office.act]
    city.at(plan.sits_down, operator.sit_down)
    city.people += [citizen, operator]
    if plan.hangs_up_after is not None:
        city.people.append(Impatience(citizen, city.exchange, plan.hangs_up_after))
    return Cast(citizen, operator)
