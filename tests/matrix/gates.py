"""Stages in front of the web application: a recorder of every request, and a time without a database."""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError

from hotline.exchange.time.clock import ExchangeClock
from hotline.store.engine import open_engine


@dataclass(frozen=True)
class Knock:
    """One request as it came in, byte for byte."""

    target: str
    body: bytes
    headers: tuple[tuple[str, str], ...]


@dataclass
class Recorder:
    """Remembers every request, in order of arrival."""

    knocks: list[Knock] = field(default_factory=list)

    def gate(self, app: WSGIApplication, _clock: ExchangeClock) -> WSGIApplication:
        def listening(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            query = environ["QUERY_STRING"]
            target = environ["PATH_INFO"] + (f"?{query}" if query else "")
            headers = tuple(
                (name, environ[key])
                for name, key in (
                    ("X-Twilio-Signature", "HTTP_X_TWILIO_SIGNATURE"),
                    ("I-Twilio-Idempotency-Token", "HTTP_I_TWILIO_IDEMPOTENCY_TOKEN"),
                    ("Content-Type", "CONTENT_TYPE"),
                    ("Host", "HTTP_HOST"),
                )
                if key in environ
            )
            self.knocks.append(Knock(target, body, headers))
            return app(environ, start)

        return listening


@dataclass
class Outage:
    """The web's database is gone for `seconds` (of the exchange) from the `nth` request on whose path contains `path`."""

    path: str
    nth: int = 1
    seconds: float = 8.0
    refused: int = 0
    _seen: int = 0
    _until: float | None = None
    _clock: ExchangeClock | None = None

    def gate(self, app: WSGIApplication, clock: ExchangeClock) -> WSGIApplication:
        self._clock = clock

        def watching(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            self._seen += self.path in environ["PATH_INFO"]
            if self._until is None and self._seen >= self.nth:
                self._until = clock.seconds() + self.seconds
            return app(environ, start)

        return watching

    @contextmanager
    def engine(self, url: str) -> Iterator[Engine]:
        """Open the web's own engine, which reaches nothing while the outage lasts."""
        engine = open_engine(url)
        event.listen(engine, "begin", self._refuse, insert=True)
        yield engine
        engine.dispose()

    def _refuse(self, _connection: Connection) -> None:
        if self._until is not None and self._clock is not None and self._clock.seconds() < self._until:
            self.refused += 1
            raise OperationalError("BEGIN", None, ConnectionError("the database is gone"))
