"""Each row of the transition table names effects, events and columns that exist."""

from dataclasses import fields

import pytest

from hotline import events
from hotline.rules.tickets.transitions import TRANSITIONS, Effect, Transition
from hotline.services.tickets.effects import EFFECTS, EffectFunctions
from hotline.store.tickets.tables import Ticket

rows = pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: row.action.value)


@pytest.mark.parametrize("effect", Effect)
def test_an_effect_is_implemented(effect: Effect) -> None:
    assert effect in EFFECTS
    assert EFFECTS[effect] != EffectFunctions()


@rows
def test_the_events_of_a_step_exist_and_are_made_from_columns_of_the_ticket(row: Transition) -> None:
    for kind in row.events:
        assert kind in events.KINDS
        names = {field.name for field in fields(events.KINDS[kind])}
        assert names - {"ticket_id"} <= set(Ticket.__table__.columns.keys())
        assert events.KINDS[kind].subject == "ticket"


@rows
def test_the_moments_of_a_step_are_columns_of_the_ticket(row: Transition) -> None:
    assert set(row.moments) <= set(Ticket.__table__.columns.keys())
