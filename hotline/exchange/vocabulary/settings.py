"""Everything the exchange has to be told, in one frozen value: no environment and no global is ever read here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hotline.exchange.vocabulary.answer_modes import AnswerMode


@dataclass(frozen=True)
class ExchangeSettings:
    """What one exchange serves: one account, one hotline number, one application behind it.

    `pace` is real seconds per exchange second: 1.0 is a telephone, 0.02 makes a minute of hold music last 1.2 s. It
    stretches speech, pauses, gather, ring and dial time-outs and the calls-per-second queue; web requests always have
    their real 15 s. `calls_per_second` limits calls created over REST (0 = unlimited). `dial_buffer` are the seconds
    the real carrier silently adds to every Dial time-out (5 there, 0 here unless asked for). `api_concurrency` is the
    number of REST requests served at the same time before 20429 is answered. With `virtual` no real time passes at all
    (see `virtual`, `pace` then means nothing); `begins` is the date and time (UTC) at which the exchange's time starts.

    `answers` says what answers by itself at an E.164 number or a sip address (see `answering`). `concurrent_calls` limits
    the account's live legs (0 = unlimited): one more is refused over REST and in Dial (10004), and busy to a citizen.
    `narrow` is the profile of self-hosted TwiML engines: no Enqueue, Leave, Conference, Queue; no such REST resources.

    `app_sid` is the TwiML application through which softphones call (None: they cannot) and `app_voice_url` its voice URL
    (None: the number's); the number's status callback and fallback serve it too.
    """

    account_sid: str
    auth_token: str
    api_key: str
    api_secret: str
    number: str
    voice_url: str
    status_url: str
    fallback_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8010
    pace: float = 1.0
    calls_per_second: float = 1.0
    language: str = "zh"
    dial_buffer: float = 0.0
    api_concurrency: int = 100
    virtual: bool = False
    begins: datetime | None = None
    answers: Mapping[str, AnswerMode] = field(default_factory=dict)
    concurrent_calls: int = 0
    narrow: bool = False
    app_sid: str | None = None
    app_voice_url: str | None = None

    def __post_init__(self) -> None:
        """Refuse values with which nothing could work, naming the field."""
        if self.pace <= 0:
            raise ValueError("pace must be greater than 0 (real seconds per exchange second)")
        if self.begins is not None and self.begins.utcoffset() is None:
            raise ValueError("begins must have a time zone")
        if self.calls_per_second < 0:
            raise ValueError("calls_per_second must not be negative (0 = unlimited)")
        if not self.number.startswith("+"):
            raise ValueError("number must be E.164, such as +865374412345")
        for name, url in (("voice_url", self.voice_url), ("app_voice_url", self.app_voice_url)):
            if url is not None and not url.startswith(("http://", "https://")):
                raise ValueError(f"{name} must be an absolute http(s) URL")

    @property
    def base_url(self) -> str:
        """Scheme, host and port under which this exchange is reached; recordings are addressed with it."""
        return f"http://{self.host}:{self.port}"

    @property
    def api_root(self) -> str:
        """Path below which the account's REST resources live, without a trailing slash."""
        return f"/2010-04-01/Accounts/{self.account_sid}"

    def recording_url(self, sid: str) -> str:
        """Returns the URL of a recording's sound; it is fetched with the account's credentials."""
        return f"{self.base_url}{self.api_root}/Recordings/{sid}"
