"""Every kind of event survives being packed, stored and unpacked."""

import dataclasses
import json
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.events import KINDS, Event, pack, unpack
from hotline.reactions.registry import LANES, REACTION_BY_NAME, REACTIONS, has_reactions
from hotline.rules.enums import OfferState


def made_by(hint: Any) -> st.SearchStrategy[Any]:
    """Returns values of one field's type; a new type needs a line here."""
    if isinstance(hint, UnionType):
        return st.one_of(*[made_by(part) for part in get_args(hint)])
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return st.sampled_from(list(hint))
    if get_origin(hint) is dict:
        return st.dictionaries(*map(made_by, get_args(hint)), max_size=3)
    return {
        int: st.integers(1, 2**31 - 1),
        str: st.text(max_size=20),
        bool: st.booleans(),
        NoneType: st.none(),
    }[hint]


def events_of(kind: type[Event]) -> st.SearchStrategy[Event]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{field.name: made_by(hints[field.name]) for field in dataclasses.fields(kind)})


@pytest.mark.parametrize("kind", sorted(KINDS))
@given(data=st.data())
def test_an_event_read_back_is_the_event_that_was_written(kind: str, data: st.DataObject) -> None:
    event = data.draw(events_of(KINDS[kind]))
    name, subject, subject_id, values = pack(event)
    assert (name, subject) == (kind, KINDS[kind].subject)
    assert subject_id == next(iter(values.values()))
    assert isinstance(subject_id, int)
    assert unpack(name, json.loads(json.dumps(values))) == event


def test_the_first_field_of_every_event_names_its_subject() -> None:
    for kind in KINDS.values():
        first = dataclasses.fields(kind)[0].name
        assert first == f"{kind.subject}_id", kind


def test_no_event_can_hold_a_callers_number_or_words() -> None:
    names = {field.name for kind in KINDS.values() for field in dataclasses.fields(kind)}
    assert not names & {
        "number",
        "number_raw",
        "text",
        "title",
        "caller_name",
        "caller_number",
        "answer_text",
    }


def test_a_word_read_back_equals_ours_though_it_is_plain_text() -> None:
    _, _, _, values = pack(
        unpack("OfferSettled", {"call_id": 1, "offer_id": 2, "operator_id": 3, "how": "missed"})
    )
    assert values["how"] == OfferState.MISSED


def test_an_unknown_kind_is_an_error_of_its_own() -> None:
    with pytest.raises(KeyError):
        unpack("TicketSungTo", {})


def test_every_reaction_has_a_name_and_a_lane_of_its_own_and_an_event_that_exists() -> None:
    # One reaction may belong to several events.
    reactions = {reaction for several in REACTIONS.values() for reaction in several}
    assert len({reaction.name for reaction in reactions}) == len(reactions) == len(REACTION_BY_NAME)
    assert {reaction.lane for reaction in reactions} == set(LANES)
    assert set(REACTIONS) <= set(KINDS.values())
    assert all(len(reaction.name) <= 40 for reaction in reactions), "longer than its column"


def test_only_what_is_reacted_to_wakes_the_relay() -> None:
    assert has_reactions(unpack("TicketHandedOff", {"ticket_id": 1, "unit_code": "water"}))
    assert not has_reactions(unpack("CallQueued", {"call_id": 1}))


def test_a_unit_is_notified_only_over_a_channel_and_as_before_when_its_event_does_not_say() -> None:
    delivered = {"ticket_id": 1, "assignment_id": 1, "unit_code": "water"}
    assert has_reactions(unpack("TicketDelivered", delivered))
    assert not has_reactions(unpack("TicketDelivered", {**delivered, "has_channel": False}))
