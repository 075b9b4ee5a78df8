"""`build(settings)`: everything the doors need, made once per process. Read it in a minute; nothing is made elsewhere.

Making connects to nothing: engine, Redis and carrier speak when first asked, so a process starts (and `doctor` or
`/readyz` can say what is wrong) while something is away.
"""

import sys
from dataclasses import dataclass
from importlib.resources import files

from redis import Redis
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant

from config.city.callers import read_callers
from config.city.policies import read_policies
from config.city.published import read_claims
from config.city.toml_file import BadFile
from config.settings import Account, Mode, Settings
from hotline.clock import system_clock
from hotline.gateways.addresses import VoiceAddresses
from hotline.gateways.carrier import Carrier
from hotline.gateways.live import RedisAnnouncer, announcer_client
from hotline.gateways.lookups import HttpLookups
from hotline.gateways.twilio import TwilioCarrier
from hotline.gateways.unit_webhooks import UnitWebhooks
from hotline.reactions import ReactionContext, has_reactions
from hotline.rules.figures.reconciliation import Claim
from hotline.rules.policies import Policies
from hotline.store.engine import open_engine
from hotline.unit_of_work import Application
from ivr_flows.source.problems import FlowError
from ivr_flows.webhooks.flow_registry import FlowShelf, open_shelf

CITY = files("config.city") / "example"
"""Where the city's own files lie: units, limits."""
REDIS_SECONDS = 10
"""A Redis that hangs must not hang the clock: longer than it waits for news, short enough to go on without."""
TOKEN_SECONDS = 3600
"""How long a desk's telephone may stay registered with one access token."""


@dataclass(frozen=True, slots=True)
class Components:
    """The whole components of one process."""

    settings: Settings
    application: Application
    redis: Redis
    carrier: Carrier
    addresses: VoiceAddresses
    tools: ReactionContext
    flows: FlowShelf
    claims: tuple[Claim, ...]
    """Rates the city has published, checked by the reports of the same days."""


def build(settings: Settings) -> Components:
    """Return the components. Raises BadFile or FlowError when one of the city's own files is wrong."""
    redis = Redis.from_url(settings.redis_url, socket_connect_timeout=2, socket_timeout=REDIS_SECONDS)
    application = Application(
        engine=open_engine(settings.database_url),
        clock=system_clock,
        policies=city_policies(settings),
        announce=RedisAnnouncer(announcer_client(settings.redis_url), has_reactions),
    )
    carrier = TwilioCarrier(
        account_sid=settings.account.sid,
        username=settings.account.api_key,
        password=settings.account.api_secret,
        api_url=settings.account.api_url,
        from_number=settings.number,
    )
    addresses = VoiceAddresses(settings.public_url)
    tools = ReactionContext(
        application=application,
        carrier=carrier,
        units=UnitWebhooks(),
        lookups=HttpLookups(),
        addresses=addresses,
        narrow_carrier=settings.narrow_carrier,
    )
    shelf = open_shelf(application.policies)
    claims = read_claims(CITY / "published.toml")
    return Components(settings, application, redis, carrier, addresses, tools, shelf, claims)


def build_or_exit(settings: Settings) -> Components:
    """Return the components, or print what is wrong with the city's files and exit with status 2."""
    try:
        return build(settings)
    except (BadFile, FlowError) as error:
        print(f"hotline: {error}", file=sys.stderr)
        raise SystemExit(2) from None


def city_policies(settings: Settings) -> Policies:
    """Return the limits in force: the city's own in production, short waits in the demonstration."""
    name = "policies.toml" if settings.mode is Mode.PRODUCTION else "policies.demo.toml"
    callers = read_callers(CITY / "callers.toml")
    return read_policies(CITY / name, callers=callers, zone=settings.zone, number=settings.number)


def device_token(account: Account, identity: str) -> str:
    """Return an access token with which the browser telephone `identity` registers to receive calls."""
    token = AccessToken(
        account.sid, account.api_key, account.api_secret, identity=identity, ttl=TOKEN_SECONDS
    )
    token.add_grant(VoiceGrant(outgoing_application_sid=account.app_sid, incoming_allow=True))
    return str(token.to_jwt())
