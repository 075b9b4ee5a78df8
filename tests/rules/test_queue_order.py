"""One order of waiting and owed callers: nobody is overtaken, no desk idles in vain, and neither side starves."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hotline.rules.calls.queue_order import (
    QueueEntry,
    ReadyDesk,
    Standing,
    assign_desks,
    in_order,
    needed_skill,
)

START = datetime(2026, 11, 23, 1, tzinfo=UTC)
SKILLS = ("", "", "dialect", "english")
PATIENCE, RING, TALK, SPACING, ATTEMPTS = 3, 2, 4, 10, 3


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


def claim(standing: Standing, number: int, minute: int, **needs: object) -> QueueEntry:
    return QueueEntry(standing, number, int(str(needs.pop("priority", 0))), at(minute), **needs)  # type: ignore[arg-type]


def serves(desk: ReadyDesk, one: QueueEntry) -> bool:
    return desk.id == one.desk_id if one.desk_id is not None else one.skill in {"", *desk.skills}


desks = st.lists(
    st.builds(
        ReadyDesk, st.integers(1, 6), st.frozensets(st.sampled_from(("dialect", "english")), max_size=2)
    ),
    max_size=5,
    unique_by=lambda desk: desk.id,
)
claims = st.lists(
    st.builds(
        QueueEntry,
        st.sampled_from(Standing),
        st.integers(1, 99),
        st.sampled_from((0, 0, 0, 9)),
        st.integers(0, 20).map(at),
        st.sampled_from(SKILLS),
        st.sampled_from((None, None, 1, 2)),
    ),
    max_size=8,
    unique_by=lambda one: (one.standing, one.id),
)


@given(claims, desks)
def test_a_desk_goes_to_the_first_in_the_order_whom_it_can_serve(
    wanted: list[QueueEntry], free: list[ReadyDesk]
) -> None:
    pairs = assign_desks(wanted, free)
    by_id = {desk.id: desk for desk in free}
    assert all(serves(by_id[desk], one) for one, desk in pairs)
    assert len({desk for _, desk in pairs}) == len({(one.standing, one.id) for one, _ in pairs}) == len(pairs)
    order = in_order(wanted)
    left = [one for one in order if one not in {served for served, _ in pairs}]
    for one in left:
        behind = order[order.index(one) + 1 :]
        taken_behind = [desk for served, desk in pairs if served in behind]
        idle = [desk for desk in by_id if desk not in {taken for _, taken in pairs}]
        assert not any(serves(by_id[desk], one) for desk in (*taken_behind, *idle))


@given(claims, desks, st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_how_the_claims_were_read(
    wanted: list[QueueEntry], free: list[ReadyDesk], chance: object
) -> None:
    shuffled = sorted(wanted, key=lambda _: chance.random())  # type: ignore[attr-defined]
    assert assign_desks(shuffled, free) == assign_desks(wanted, free)


def test_an_owed_caller_with_an_earlier_place_goes_first_and_at_the_same_place_the_caller_on_the_line() -> (
    None
):
    owed, dialled = claim(Standing.OWED, 1, 0), claim(Standing.DIALLED, 2, 1)
    early, late, same = (
        claim(Standing.WAITING, number, minute) for number, minute in ((3, 2), (4, 9), (5, 0))
    )
    urgent = claim(Standing.WAITING, 6, 30, priority=9)
    assert in_order([late, dialled, owed, early, same, urgent]) == [urgent, same, owed, dialled, early, late]
    assert assign_desks([late, owed], [ReadyDesk(1)]) == [(owed, 1)]


def test_a_skill_is_needed_while_somebody_on_duty_has_it_and_patience_lasts() -> None:
    on_duty, patience = frozenset({"dialect"}), timedelta(minutes=1)
    assert needed_skill("dialect", at(0), at(0), patience, on_duty) == "dialect"
    assert needed_skill("dialect", at(0), at(1), patience, on_duty) == ""
    assert needed_skill("english", at(0), at(0), patience, on_duty) == ""
    assert needed_skill("", at(0), at(0), patience, on_duty) == ""


@dataclass
class Person:
    """A person in the simulated line. `answers`: whether they answer our attempts, one after the other."""

    number: int
    place: int
    owed: bool
    skill: str
    answers: tuple[bool, ...]
    since: int = 0
    attempts: int = 0
    dialled_until: int | None = None
    done: bool = False


@dataclass
class Line:
    """A line whose operators talk for TALK minutes; a caller with a later place arrives every minute for ever."""

    people: list[Person]
    desks: list[ReadyDesk]
    busy: dict[int, int] = field(default_factory=dict)
    minute: int = 0

    def step(self) -> None:
        self.people.append(Person(1000 + self.minute, 100 + self.minute, False, "", (), self.minute))
        for person in self.people:
            if person.dialled_until == self.minute:
                self._end_dial(person)
        self.busy = {desk: until for desk, until in self.busy.items() if until > self.minute}
        ready = [desk for desk in self.desks if desk.id not in self.busy]
        people = {person.number: person for person in self.people}
        for one, desk in assign_desks([self._claim(p) for p in self.people if self._is_in_order(p)], ready):
            person = people[one.id]
            if one.standing is Standing.OWED:
                person.attempts += 1
                person.dialled_until = self.minute + RING
            elif one.standing is Standing.WAITING:
                person.done = True
                self.busy[desk] = self.minute + TALK
        self.minute += 1

    def _end_dial(self, person: Person) -> None:
        person.dialled_until = None
        if person.answers[person.attempts - 1]:
            person.owed, person.since = False, self.minute
        elif person.attempts == ATTEMPTS:
            person.done = True
        else:
            person.since = self.minute + SPACING

    def _is_in_order(self, person: Person) -> bool:
        return not person.done and person.since <= self.minute

    def _claim(self, person: Person) -> QueueEntry:
        on_duty = frozenset().union(*(desk.skills for desk in self.desks))
        skill = needed_skill(
            person.skill, at(person.since), at(self.minute), timedelta(minutes=PATIENCE), on_duty
        )
        standing = Standing.WAITING
        if person.owed:
            standing = Standing.OWED if person.dialled_until is None else Standing.DIALLED
        return QueueEntry(standing, person.number, 0, at(person.place), skill)


people = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.booleans(),
        st.sampled_from(SKILLS),
        st.tuples(*[st.booleans()] * ATTEMPTS),
    ),
    min_size=1,
    max_size=9,
)


@given(people, desks.filter(bool))
def test_everybody_is_served_or_tried_to_the_end_however_many_come_later(
    described: list[tuple[int, bool, str, tuple[bool, ...]]], open_desks: list[ReadyDesk]
) -> None:
    first = [Person(number, *facts) for number, facts in enumerate(described)]
    line = Line(list(first), open_desks)
    # Each person costs at most all attempts and one talk, one after the other, and waits for their next attempts.
    longest = len(first) * (ATTEMPTS * (RING + PATIENCE) + TALK + PATIENCE) + ATTEMPTS * (SPACING + TALK)
    steps = 0
    while not all(person.done for person in first) and steps < longest:
        line.step()
        steps += 1
    assert all(person.done for person in first)


@given(people, desks.filter(bool))
def test_later_callers_are_served_while_nobody_answers_our_calls(
    described: list[tuple[int, bool, str, tuple[bool, ...]]], open_desks: list[ReadyDesk]
) -> None:
    silent = [
        Person(number, place, True, skill, (False,) * ATTEMPTS)
        for number, (place, _, skill, _) in enumerate(described)
    ]
    line = Line(list(silent), open_desks)
    longest, steps = len(silent) * ATTEMPTS * (RING + PATIENCE) + TALK + RING, 0
    while not any(person.done for person in line.people if person not in silent) and steps < longest:
        line.step()
        steps += 1
    assert any(person.done for person in line.people if person not in silent)
