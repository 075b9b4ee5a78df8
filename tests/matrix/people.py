"""The people of the stories. Each does what a sensible person does, whatever the line makes of it: nothing is scripted.

A citizen presses the key that a question asks for, answers their telephone, talks, and hangs up when it is over. An
operator picks up, talks, writes the ticket, and sits down again after a missed call. An office handles what it is sent.
"""

import asyncio
from collections.abc import Callable, Mapping

from sqlalchemy import select

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.devices.callers import Caller, HungUpError
from hotline.exchange.vocabulary.sounds import PartyChanged, Sound
from hotline.gateways.addresses import device
from hotline.rules.enums import (
    NoMatterReason,
    NotReadyReason,
    PresenceState,
    RequestType,
    Role,
    TicketAction,
    TicketState,
)
from hotline.rules.people.actors import Person
from hotline.rules.tickets.fields import TicketFields
from hotline.services.calls import lifecycle
from hotline.services.queueing import offers, presence
from hotline.services.tickets import actions
from hotline.store.people.tables import Presence
from hotline.store.tickets.tables import Assignment, Ticket
from hotline.unit_of_work import Application
from tests.builders import make_unit, make_user, person_of

UNIT = "city-management"
REACTION_SECONDS, TALK_SECONDS, ALONE_SECONDS = 2.0, 6.0, 90.0
"""Until a ring is answered; of a talk; that an operator stays on a line where nobody is."""
BEEP = "♪ beep"
ANSWERS: Mapping[str, str] = {
    "投诉求助请按1": "1",
    "服务评价": "1",
    "您反映的问题解决了吗": "1",
    "您对办理过程满意吗": "1",
    "接通人工坐席请按1": "1",
    BEEP: "#",
}
"""What is heard -> the key for it. Whatever else is asked, this citizen waits, as many do."""
POTHOLE = TicketFields(
    type=RequestType.COMPLAINT,
    title="静轩路路面塌陷",
    text="静轩路与大同路口东约五十米，路面塌陷约一平方米。",
    unit_code=UNIT,
)
STEPS: Mapping[TicketState, tuple[TicketAction, TicketFields]] = {
    TicketState.DISPATCHED: (TicketAction.ACKNOWLEDGE, TicketFields()),
    TicketState.ACKNOWLEDGED: (TicketAction.RECORD_CONTACT, TicketFields(contact_note="已与来电人联系。")),
    TicketState.IN_PROGRESS: (TicketAction.REPLY, TicketFields(reply="已于当日修补完毕，欢迎再次监督。")),
    TicketState.REPLIED: (TicketAction.CLOSE, TicketFields()),
}
"""What an office does next with a ticket that lies with it."""


class Handset(Caller):
    """A telephone that notes with whom it was connected: one name for each talk. `begins` is told the number of each call."""

    def __init__(self, exchange: Exchange, number: str) -> None:
        super().__init__(exchange, number)
        self.talks: list[str] = []
        self.calls = 0
        self.begins: Callable[[int], None] = lambda _: None

    def hear(self, call_sid: str, sound: Sound) -> None:
        if isinstance(sound, PartyChanged) and sound.names and not self.party:
            self.talks.append(sound.names[0])
        super().hear(call_sid, sound)

    async def pick_up(self) -> bool:
        """Answer what rings, after a moment; say whether it still rang."""
        await self._exchange.clock.sleep(REACTION_SECONDS)
        if self.incoming is None:
            return False
        await self.answer()
        if self.call is not None:
            self._count()
        return self.call is not None

    def _count(self) -> None:
        self.calls += 1
        self.begins(self.calls)


class Citizen(Handset):
    """Somebody with a telephone and a matter. `leaves_first`: it is they who end the talk."""

    def __init__(
        self,
        exchange: Exchange,
        number: str,
        answers: Mapping[str, str] = ANSWERS,
        *,
        leaves_first: bool = False,
    ) -> None:
        super().__init__(exchange, number)
        self._answers = answers
        self._leaves_first = leaves_first
        self._talked = 0

    async def live(self) -> None:
        """Answer every ring and every question, for ever."""
        self.register()
        while True:
            await self.until(lambda: self.incoming is not None or self._key() != "" or self._should_leave())
            if self.incoming is not None:
                await self.pick_up()
            elif self._should_leave():
                self._talked = len(self.talks)
                await self._exchange.clock.sleep(TALK_SECONDS)
                self.hang_up()
            else:
                await self._press(self._key())

    def phone(self) -> None:
        self._count()
        self.dial()

    def _should_leave(self) -> bool:
        return self._leaves_first and bool(self.party) and len(self.talks) > self._talked

    def _key(self) -> str:
        if not self._is_listened_to:
            return ""
        new = self.transcript[self._heard :]
        return next((key for said, key in self._answers.items() if any(said in line for line in new)), "")

    async def _press(self, key: str) -> None:
        spoken = BEEP in self.transcript[self._heard :]
        self._heard = len(self.transcript)
        if spoken:
            self.say("静轩路路面塌陷，请派人来看。")
        try:
            await self.press(key)
        except HungUpError:
            return


class Impatience:
    """Makes a citizen hang up after a number of exchange seconds, whatever is being said."""

    def __init__(self, citizen: Citizen, exchange: Exchange, seconds: float) -> None:
        self._citizen, self._exchange, self._seconds = citizen, exchange, seconds

    async def live(self) -> None:
        """Hang up once, and rest."""
        await self._exchange.clock.sleep(self._seconds)
        self._citizen.hang_up()
        await asyncio.Event().wait()


class Operator(Handset):
    """Somebody at a desk. Their telephone lives on the exchange's loop, their hands act once each turn of the clock."""

    def __init__(self, exchange: Exchange, application: Application) -> None:
        self.person: Person = person_of(make_user(application, Role.OPERATOR, work_number="017"))
        super().__init__(exchange, device(self.person.id))
        self._hall = application
        self._at_work = False
        self._noted = 0

    async def live(self) -> None:
        """Take every call, for ever."""
        self.register()
        while True:
            await self.until(lambda: self.incoming is not None)
            if await self.pick_up():
                await self._talk()

    async def _talk(self) -> None:
        try:
            async with self._exchange.clock.timeout(ALONE_SECONDS):
                await self.until(lambda: bool(self.party) or bool(self.status))
        except TimeoutError:
            self.hang_up()
        if self.party:
            self.say("好的，我记下来，马上转给城管局。")
            await self._exchange.clock.sleep(TALK_SECONDS)
            self.hang_up()
        await self.until(lambda: bool(self.status))

    def take_a_break(self) -> None:
        with self._hall.unit_of_work(self.person) as work:
            presence.set_not_ready(work, NotReadyReason.BREAK)

    def sit_down(self) -> None:
        self._at_work = True
        with self._hall.unit_of_work(self.person) as work:
            presence.set_ready(work)

    def act(self) -> bool:
        """Write the ticket of a talk that is over, note a call in which nobody spoke, be ready again after a missed one."""
        with self._hall.read_session() as session:
            desk = session.get(Presence, self.person.id)
        if desk is None or not self._at_work:
            return False
        if desk.state is PresenceState.NOT_READY:
            self.sit_down()
            return True
        if desk.state is PresenceState.RINGING and self.party and self._exchange.settings.narrow:
            return self._report_answer(desk.call_id or 0)
        if desk.state is not PresenceState.WRAP_UP or desk.call_id is None:
            return False
        spoken, self._noted = len(self.talks) > self._noted, len(self.talks)
        with self._hall.unit_of_work(self.person) as work:
            if not spoken:
                lifecycle.finish_without_ticket(work, desk.call_id, NoMatterReason.SILENT)
                return True
            draft = actions.open_draft(work, call_id=desk.call_id)
            if draft.state is not TicketState.DRAFT:
                # The caller came back after a lost talk whose ticket was handed off already.
                return False
            actions.perform(work, draft.id, TicketAction.HAND_OFF, POTHOLE, draft.revision)
        return True

    def _report_answer(self, call_id: int) -> bool:
        """Tell the desk that the telephone has answered, which a narrow carrier does not."""
        with self._hall.unit_of_work(self.person) as work:
            accepted = offers.accept_at_desk(work, call_id)
            if accepted:
                lifecycle.record_connected(work, call_id)
        return accepted


class Office:
    """The office of a unit, which handles at once what lies in its inbox."""

    def __init__(self, application: Application) -> None:
        make_unit(application, UNIT)
        self.person: Person = person_of(make_user(application, Role.HANDLER, unit_code=UNIT))
        self._hall = application

    def act(self) -> bool:
        """Take the next step of every ticket that was delivered."""
        with self._hall.read_session() as session:
            delivered = select(Ticket.id, Ticket.state).join(Assignment, Assignment.ticket_id == Ticket.id)
            lying = session.execute(delivered.where(Ticket.state.in_(tuple(STEPS)))).all()
        for ticket_id, state in lying:
            action, facts = STEPS[state]
            with self._hall.unit_of_work(self.person) as work:
                actions.perform(work, ticket_id, action, facts)
        return bool(lying)
