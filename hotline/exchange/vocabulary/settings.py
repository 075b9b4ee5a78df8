"""The settings of one exchange. The exchange reads no environment variable and no global."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hotline.exchange.vocabulary.answer_modes import AnswerMode


@dataclass(frozen=True)
class ExchangeSettings:
    """One account, one hotline number and the application behind it."""

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
    # Real seconds per exchange second: 1.0 is a telephone, 0.02 makes a minute of hold music last 1.2 s. It stretches
    # speech, pauses, gather, ring and dial time-outs and the calls-per-second queue, but not the 15 s of web requests.
    pace: float = 1.0
    # Limit of calls created over REST (0 = unlimited).
    calls_per_second: float = 1.0
    language: str = "zh"
    # Seconds added to every Dial time-out. The real carrier silently adds 5.
    dial_buffer: float = 0.0
    # REST requests served at the same time before 20429 is answered.
    api_concurrency: int = 100
    # With virtual time no real time passes and `pace` has no effect (see `time.virtual_clock`).
    virtual: bool = False
    # Date and time (UTC) at which the exchange's time starts; None is now.
    begins: datetime | None = None
    # Automatic answers, by E.164 number or sip address.
    answers: Mapping[str, AnswerMode] = field(default_factory=dict)
    # Names that telephones show for other parties, by E.164 number or sip address.
    names: Mapping[str, str] = field(default_factory=dict)
    # Limit of the account's live legs (0 = unlimited). One more is refused over REST and in Dial (10004), and an
    # incoming caller finds the line busy.
    concurrent_calls: int = 0
    # The profile of self-hosted TwiML engines: no Enqueue, Leave, Conference and Queue, and no such REST resources.
    narrow: bool = False
    # TwiML application through which softphones call; None = they cannot call.
    app_sid: str | None = None
    # Voice URL of that application (None: the number's). The number's status callback and fallback serve it too.
    app_voice_url: str | None = None

    def __post_init__(self) -> None:
        """Checks the values; raises ValueError that names the field."""
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
        """Scheme, host and port of this exchange, also used in the URLs of recordings."""
        return f"http://{self.host}:{self.port}"

    @property
    def api_root(self) -> str:
        """Path of the account's REST resources, without a trailing slash."""
        return f"/2010-04-01/Accounts/{self.account_sid}"

    def recording_url(self, sid: str) -> str:
        """Returns the URL of a recording's sound; it is fetched with the account's credentials."""
        return f"{self.base_url}{self.api_root}/Recordings/{sid}"
