"""Webhooks as the carrier sends them: signed, bounded to 15 s, retried only when no connection could be made.

Sources: the pages "Webhooks connection overrides" (time-outs, retries, URL fragment), "Security" (signature) and the
error dictionary (11200 …). One deliberate difference: the carrier follows a 301/302/303 with a GET that has lost its
form fields; here such an answer to a POST is refused with a sentence, because it is always a mistake.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import quote_plus, urljoin

import aiohttp
from yarl import URL

from hotline.exchange.core.faults import Fault, Switch
from hotline.exchange.core.retry_policy import Patience, patience_of, wants_retry
from hotline.exchange.core.signature import sign
from hotline.exchange.core.webhook import Letter, Reply, for_journal, open_entry, readable, with_query
from hotline.exchange.state.registry import Registry, RequestRecord
from hotline.exchange.time.clock import ExchangeClock
from hotline.exchange.twiml.validation import LONGEST_DOCUMENT, DocumentError

USER_AGENT = "TwilioProxy/1.1"
_MOST_REDIRECTS = 10
_LOSING = frozenset({Fault.LOST_ANSWER, Fault.TIME_OUT})
_KEEPS_METHOD = frozenset({307, 308})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass
class _Attempt:
    """What all tries of one letter share. `is_spoilt` once the fault has had its answer."""

    letter: Letter
    cookies: Mapping[str, str]
    token: str
    patience: Patience
    entry: RequestRecord
    switch: Switch | None
    is_spoilt: bool = False

    @property
    def fault(self) -> Fault | None:
        return None if self.switch is None else self.switch.rule.fault


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    return quote_plus(text)


def encoded(form: Mapping[str, str]) -> str:
    """The form as a query; most of its names and values are the same in every webhook."""
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in form.items())


class Courier:
    """Sends letters and keeps the book of what was sent."""

    def __init__(
        self, session: aiohttp.ClientSession, token: str, clock: ExchangeClock, board: Registry
    ) -> None:
        self._session = session
        self._token = token
        self._clock = clock
        self._board = board

    async def send(
        self, letter: Letter, cookies: Mapping[str, str], token: str, switch: Switch | None = None
    ) -> Reply:
        """The answer, whatever its status; raises DocumentError (11200, 11205, 11215) when there is none.

        `token` tells repetitions of one letter apart from another letter. Of the faults those of a single sending are
        carried out here (drop, bad signature, lost answer, time-out); any other is only entered in the book.
        """
        began = self._clock.stopwatch()
        entry = open_entry(self._board, self._clock, letter, switch)
        journal = self._board.transcripts.by_call.get(letter.call_sid)
        asked_at = 0.0 if journal is None else journal.elapsed()
        try:
            reply = await self._patiently(
                _Attempt(letter, cookies, token, patience_of(letter.url), entry, switch)
            )
        except DocumentError as error:
            entry.error = str(error)
            raise
        else:
            entry.status, entry.content_type = reply.status, reply.content_type or ""
            entry.answer = readable(reply)
            return reply
        finally:
            entry.milliseconds = round((self._clock.stopwatch() - began) * 1000)
            entry.is_done = True
            entry.error = entry.error or ("" if entry.status else "given up: the call was over")
            if journal is not None:
                journal.webhook_sent(for_journal(entry, asked_at))

    async def _patiently(self, attempt: _Attempt) -> Reply:
        """Try, and try again where the carrier would; all tries share one idempotency token and one total time."""
        patience = attempt.patience
        try:
            async with asyncio.timeout(patience.total):
                for left in range(patience.retries, -1, -1):
                    trouble, reply = await self._attempt(attempt)
                    if reply is not None and (left == 0 or not wants_retry(reply.status, patience)):
                        return reply
                    if trouble is not None and (left == 0 or trouble[0] not in patience.retry_on):
                        raise trouble[1]
        except TimeoutError as error:
            raise DocumentError(11200, f"no answer within {patience.total:g} s") from error
        raise DocumentError(11200, "no attempt was left")

    async def _attempt(self, attempt: _Attempt) -> tuple[tuple[str, DocumentError] | None, Reply | None]:
        """Try once: either (retry word, error) or a reply comes of it."""
        attempt.entry.tries += 1
        if attempt.fault is Fault.DROP:
            return ("ct", DocumentError(11205, "connection failed: fault drop")), None
        try:
            return _spoilt(attempt, await self._follow(attempt))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return ("ct", DocumentError(11205, f"connection failed: {type(error).__name__}")), None
        except TimeoutError:
            return ("rt", DocumentError(11200, "connected, but no answer in time")), None
        except (aiohttp.ClientError, ValueError) as error:
            return ("", DocumentError(11200, f"request failed: {type(error).__name__}")), None

    async def _follow(self, attempt: _Attempt) -> Reply:
        letter = attempt.letter
        url = letter.url.partition("#")[0]
        for _ in range(_MOST_REDIRECTS + 1):
            reply, location = await self._once(url, letter, attempt)
            if location is None:
                return reply
            if letter.method == "POST" and reply.status not in _KEEPS_METHOD:
                text = f"answered {reply.status}: following it would turn the POST into a GET and lose its fields"
                raise DocumentError(11200, text)
            url = urljoin(url, location)
            letter = letter if letter.method == "POST" else replace(letter, form={})
        raise DocumentError(11215, f"more than {_MOST_REDIRECTS} redirects")

    async def _once(self, url: str, letter: Letter, attempt: _Attempt) -> tuple[Reply, str | None]:
        """Do one HTTP exchange; returns the reply, and where it redirects to."""
        posted = letter.method == "POST"
        target = url if posted else with_query(url, letter.form)
        form = encoded(letter.form).encode() if posted else None
        patience = attempt.patience
        secret = "another's" if attempt.fault is Fault.BAD_SIGNATURE else self._token
        signature = sign(secret, target, letter.form if posted else {})
        async with (
            self._clock.hold(),
            self._session.request(
                letter.method,
                URL(target, encoded=True),
                data=form,
                headers=_headers(letter, attempt.token, signature),
                cookies=dict(attempt.cookies),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=patience.connect, sock_read=patience.read
                ),
            ) as response,
        ):
            body = await _bounded(response.content)
            kept = {name: morsel.value for name, morsel in response.cookies.items()}
            kind = response.headers.get("Content-Type")
            reply = Reply(
                response.status, kind.partition(";")[0].strip().lower() if kind else None, body, url, kept
            )
            location = response.headers.get("Location") if response.status in _REDIRECTS else None
            return reply, location


def _headers(letter: Letter, token: str, signature: str) -> dict[str, str]:
    headers = {
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "X-Home-Region": "us1",
        "I-Twilio-Idempotency-Token": token,
        "X-Twilio-Signature": signature,
    }
    if letter.method == "POST":
        headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
    return headers


async def _bounded(content: aiohttp.StreamReader) -> bytes:
    """The body, or its first bytes if it is longer than any document may be."""
    body = bytearray()
    while len(body) <= LONGEST_DOCUMENT and (piece := await content.read(LONGEST_DOCUMENT)):
        body += piece
    return bytes(body)


def _spoilt(attempt: _Attempt, reply: Reply) -> tuple[tuple[str, DocumentError] | None, Reply | None]:
    """Lose the first answer, where that is the fault: what was asked has taken effect all the same."""
    if attempt.switch is None or attempt.is_spoilt or attempt.fault not in _LOSING:
        return None, reply
    attempt.is_spoilt = True
    attempt.switch.fired += 1
    if attempt.fault is Fault.TIME_OUT:
        return ("rt", DocumentError(11200, "connected, but no answer in time: fault time-out")), None
    return None, replace(reply, status=500, content_type="text/html", body=b"fault lost-answer")
