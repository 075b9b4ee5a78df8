"""Webhooks as the carrier sends them: signed, bounded to 15 s, retried only when no connection could be made.

Sources: the pages "Webhooks connection overrides" (time-outs, retries, URL fragment), "Security" (signature) and the
error dictionary (11200 …). One deliberate difference: the carrier follows a 301/302/303 with a GET that has lost its
form fields; here such an answer to a POST is refused with a sentence, because it is always a mistake.
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import parse_qsl, quote_plus, urljoin

import aiohttp
from yarl import URL

from hotline.gateways.exchange.clock import ExchangeClock
from hotline.gateways.exchange.document import Method
from hotline.gateways.exchange.grammar import LONGEST_DOCUMENT, DocumentError
from hotline.gateways.exchange.signature import sign
from hotline.gateways.exchange.state.board import Board, RequestRecord

USER_AGENT = "TwilioProxy/1.1"
_MOST_REDIRECTS = 10
_KEEPS_METHOD = frozenset({307, 308})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True)
class Patience:
    """How long and how often to try; seconds. Defaults and limits are the carrier's."""

    connect: float = 5.0
    read: float = 15.0
    total: float = 15.0
    retries: int = 1
    retry_on: frozenset[str] = frozenset({"ct"})


@dataclass(frozen=True)
class Letter:
    """One webhook to send: `url` as configured, `form` all parameters, `kind` a word for the status page."""

    kind: str
    url: str
    method: Method
    form: Mapping[str, str]
    call_sid: str


@dataclass(frozen=True)
class Reply:
    status: int
    content_type: str | None
    body: bytes
    url: str
    cookies: Mapping[str, str]


@dataclass(frozen=True)
class _Attempt:
    """What all tries of one letter share."""

    letter: Letter
    cookies: Mapping[str, str]
    token: str
    patience: Patience


def patience_of(url: str) -> Patience:
    """The connection overrides of a URL's fragment (`#ct=1000&rc=2&rp=all`); anything else there is ignored."""
    given = dict(parse_qsl(url.partition("#")[2]))

    def seconds(name: str, default: float, most: float) -> float:
        value = given.get(name, "")
        return min(most, max(0.1, int(value) / 1000)) if value.isdigit() else default

    retries = given.get("rc", "")
    retry_on = frozenset(given.get("rp", "ct").split(","))
    return Patience(
        connect=seconds("ct", 5.0, 10.0),
        read=seconds("rt", 15.0, 15.0),
        total=seconds("tt", 15.0, 15.0),
        retries=min(5, int(retries)) if retries.isdigit() else 1,
        retry_on=frozenset({"4xx", "5xx", "ct", "rt"}) if "all" in retry_on else retry_on,
    )


def with_query(url: str, form: Mapping[str, str]) -> str:
    """A GET webhook's URL: parameters appended after the query already there, spaces as +."""
    bare = url.partition("#")[0]
    if not form:
        return bare
    return f"{bare}{'&' if '?' in bare else '?'}{_encoded(form)}"


@lru_cache(maxsize=4096)
def _quoted(text: str) -> str:
    return quote_plus(text)


def _encoded(form: Mapping[str, str]) -> str:
    """The form as a query; most of its names and values are the same in every webhook."""
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in form.items())


class Courier:
    """Sends letters and keeps the book of what was sent."""

    def __init__(
        self, session: aiohttp.ClientSession, token: str, clock: ExchangeClock, board: Board
    ) -> None:
        self._session = session
        self._token = token
        self._clock = clock
        self._board = board

    async def send(self, letter: Letter, cookies: Mapping[str, str]) -> Reply:
        """The answer, whatever its status; raises DocumentError (11200, 11205, 11215) when there is none."""
        began = self._clock.stopwatch()
        status: int | None = None
        problem = ""
        try:
            reply = await self._patiently(letter, cookies)
        except DocumentError as error:
            problem = str(error)
            raise
        else:
            status = reply.status
            return reply
        finally:
            took = round((self._clock.stopwatch() - began) * 1000)
            record = RequestRecord(
                at=self._clock.wall(),
                kind=letter.kind,
                method=letter.method,
                url=letter.url.partition("?")[0].partition("#")[0],
                call_sid=letter.call_sid,
                status=status,
                milliseconds=took,
                error=problem,
            )
            self._board.requests.appendleft(record)

    async def _patiently(self, letter: Letter, cookies: Mapping[str, str]) -> Reply:
        """Try, and try again where the carrier would; all tries share one idempotency token and one total time."""
        patience = patience_of(letter.url)
        attempt = _Attempt(letter, cookies, secrets.token_hex(16), patience)
        try:
            async with asyncio.timeout(patience.total):
                for left in range(patience.retries, -1, -1):
                    trouble, reply = await self._attempt(attempt)
                    if reply is not None and (left == 0 or not _wants_retry(reply.status, patience)):
                        return reply
                    if trouble is not None and (left == 0 or trouble[0] not in patience.retry_on):
                        raise trouble[1]
        except TimeoutError as error:
            raise DocumentError(11200, f"no answer within {patience.total:g} s") from error
        raise DocumentError(11200, "no attempt was left")

    async def _attempt(self, attempt: _Attempt) -> tuple[tuple[str, DocumentError] | None, Reply | None]:
        """Try once: either (retry word, error) or a reply comes of it."""
        try:
            return None, await self._follow(attempt)
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
        form = _encoded(letter.form).encode() if posted else None
        patience = attempt.patience
        async with (
            self._clock.busy(),
            self._session.request(
                letter.method,
                URL(target, encoded=True),
                data=form,
                headers=_headers(
                    letter, attempt.token, sign(self._token, target, letter.form if posted else {})
                ),
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


def _wants_retry(status: int, patience: Patience) -> bool:
    return (400 <= status < 500 and "4xx" in patience.retry_on) or (
        status >= 500 and "5xx" in patience.retry_on
    )
