"""Delivery of webhooks over a line that may be faulty: every webhook passes here, and at most one fault hits it.

Without a fault a webhook is given to the client once. The client itself carries out what a fault does to one sending;
this module carries out what it does to the order and number of sendings, and to the party on the call.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from hotline.exchange.core.exchange import Exchange
from hotline.exchange.core.faults import Fault, FaultOccasion, FaultSwitch
from hotline.exchange.core.webhook import OutgoingWebhook, WebhookResponse
from hotline.exchange.state.calls import HangUpCall
from hotline.exchange.twiml.validation import DocumentError
from hotline.exchange.vocabulary.enums import Initiator

EXPIRED = 15002
_COUNTED_ELSEWHERE = frozenset({Fault.REORDER, Fault.REPLAY, Fault.LOST_ANSWER, Fault.TIME_OUT})
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Delivery:
    """One webhook with what all its sendings share. `number` is its place in the order of all webhooks."""

    exchange: Exchange
    webhook: OutgoingWebhook
    cookies: Mapping[str, str]
    token: str
    number: int

    async def send(self, switch: FaultSwitch | None) -> WebhookResponse:
        try:
            return await self.exchange.webhook_client.send(self.webhook, self.cookies, self.token, switch)
        finally:
            self.exchange.delivery_order.sent(self.number, self.webhook.subjects())

    async def wait_until_overtaken(self, seconds: float) -> bool:
        """Waits for a later webhook about the same call or conference; False if none was sent in `seconds` (exchange)."""
        return await self.exchange.delivery_order.wait_until_overtaken(
            self.number, self.webhook.subjects(), self.exchange.clock.timeout(seconds)
        )

    def hang_up(self) -> None:
        call = self.exchange.registry.calls.get(self.webhook.call_sid)
        if call is not None:
            call.interrupt(HangUpCall(Initiator.PARTY))


async def deliver(
    exchange: Exchange, webhook: OutgoingWebhook, cookies: Mapping[str, str]
) -> WebhookResponse:
    """Returns the answer the carrier acts on, whatever its status; raises DocumentError when there is none."""
    delivery = _Delivery(
        exchange, webhook, cookies, secrets.token_hex(16), exchange.delivery_order.next_number()
    )
    switch = exchange.faults.fault_for(_occasion(exchange, webhook))
    if switch is None:
        return await delivery.send(None)
    _LOG.info("fault %s hits %s (%s)", switch.rule.fault, webhook.kind, webhook.call_sid)
    return await _deliver_faulty(delivery, switch)


def _occasion(exchange: Exchange, webhook: OutgoingWebhook) -> FaultOccasion:
    call = exchange.registry.calls.get(webhook.call_sid)
    return FaultOccasion(
        step=webhook.kind,
        path=urlsplit(webhook.url).path,
        call_sid=webhook.call_sid,
        aside=webhook.aside,
        can_hang_up=call is not None
        and call.endpoint is not None
        and not call.is_over
        and not isinstance(call.order, HangUpCall),
    )


async def _deliver_faulty(delivery: _Delivery, switch: FaultSwitch) -> WebhookResponse:
    """Delivers with the fault and counts it as fired; some faults are counted where they take effect."""
    fault = switch.rule.fault
    switch.fired += fault not in _COUNTED_ELSEWHERE
    match fault:
        case Fault.DUPLICATE:
            return await _send_twice(delivery, switch)
        case Fault.DUPLICATE_AFTER:
            await _ignore_failure(delivery.send(switch))
        case Fault.REORDER:
            switch.fired += await delivery.wait_until_overtaken(switch.rule.seconds)
        case Fault.DELAY:
            await delivery.exchange.clock.sleep(switch.rule.seconds)
        case Fault.HANG_UP_WHEN_SENT:
            delivery.hang_up()
        case Fault.DROP if delivery.webhook.aside:
            raise DocumentError(EXPIRED, "expired unsent: fault drop")
        case _:
            pass
    try:
        return await delivery.send(switch)
    finally:
        if fault is Fault.HANG_UP_WHEN_ANSWERED:
            delivery.hang_up()
        if fault is Fault.REPLAY:
            delivery.exchange.spawn(_replay(delivery, switch))


async def _send_twice(delivery: _Delivery, switch: FaultSwitch) -> WebhookResponse:
    """Sends the webhook twice at the same time; the answer to the second is the one that counts."""
    first, second = delivery.send(switch), delivery.send(switch)
    _, response = await asyncio.gather(_ignore_failure(first), second)
    return response


async def _ignore_failure(sending: Awaitable[WebhookResponse]) -> None:
    """Waits for a sending whose answer is not used; the request log shows its result."""
    try:
        await sending
    except DocumentError as error:
        _LOG.info("a repeated webhook failed: %s", error.code)


async def _replay(delivery: _Delivery, switch: FaultSwitch) -> None:
    """Sends an old webhook again, after a later one or after the rule's exchange seconds."""
    await delivery.wait_until_overtaken(switch.rule.seconds)
    switch.fired += 1
    await _ignore_failure(delivery.send(switch))
