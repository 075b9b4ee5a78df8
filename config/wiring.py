"""The composition root: builds the components of a process from its settings, once.

Nothing connects while it is built: engine, Redis and carrier open connections when they are used. So a process starts,
and `/readyz` can report what is wrong, while the database or Redis does not answer.
"""

import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog
from redis import Redis
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant

from config.city.folder import make_folder, read_folder
from config.city.in_force import CityInForce
from config.city.kinds import check_city, read_city
from config.city.toml_file import BadFile
from config.city_catalog import CityTexts
from config.settings import Account, Mode, Settings
from hotline.clock import system_clock
from hotline.gateways.addresses import VoiceAddresses
from hotline.gateways.carrier import Carrier
from hotline.gateways.live import BackgroundAnnouncer, RedisAnnouncer, announcer_client
from hotline.gateways.lookups import HttpLookups
from hotline.gateways.notifications.webhook import WebhookChannel
from hotline.gateways.storage.folder import FolderStorage
from hotline.gateways.storage.object_storage import ObjectStorage
from hotline.gateways.twilio import TwilioCarrier
from hotline.reactions.context import ReactionContext
from hotline.reactions.registry import has_reactions
from hotline.rules.city import CityKind
from hotline.rules.policies import Policies
from hotline.services.city import publications
from hotline.store.engine import open_engine
from hotline.store.row_cache import RowCache
from hotline.unit_of_work import Application
from ivr_flows.loader import load_scripts, load_stored_script
from ivr_flows.source.problems import FlowError
from ivr_flows.webhooks.flow_registry import FlowRegistry

# A Redis that hangs must not block the scheduler. It waits for events for one second, so this must be longer.
REDIS_SECONDS = 10
# A revoked token, a disabled user, a closed unit and an imported calendar take effect in every process within this time.
CACHE_AGE = timedelta(seconds=2)
# How long a desk's telephone stays registered with one access token.
TOKEN_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Components:
    """The objects that the processes and commands share, built once."""

    settings: Settings
    application: Application
    redis: Redis
    carrier: Carrier
    addresses: VoiceAddresses
    reaction_context: ReactionContext
    flows: FlowRegistry
    city: CityInForce


def build(settings: Settings) -> Components:
    """Returns the components. Raises BadFile or FlowError if the city's texts are wrong."""
    engine = open_engine(settings.database_url, connections=settings.database_connections)
    city = read_city_in_force(settings, engine)
    redis = Redis.from_url(settings.redis_url, socket_connect_timeout=2, socket_timeout=REDIS_SECONDS)
    application = Application(
        engine=engine,
        clock=system_clock,
        policies=city.data.policies,
        announce=BackgroundAnnouncer(RedisAnnouncer(announcer_client(settings.redis_url), has_reactions)),
        has_reactions=has_reactions,
        cache=RowCache(CACHE_AGE),
        sounds=sound_storage(settings),
        city=city,
    )
    carrier = TwilioCarrier(
        account_sid=settings.account.sid,
        username=settings.account.api_key,
        password=settings.account.api_secret,
        api_url=settings.account.api_url,
        from_number=settings.number,
    )
    addresses = VoiceAddresses(settings.public_url, settings.telephones.sip_host)
    tools = ReactionContext(
        application=application,
        carrier=carrier,
        channels=(WebhookChannel(),),
        lookups=HttpLookups(),
        addresses=addresses,
        narrow_carrier=settings.narrow_carrier,
    )
    registry = load_registry(application.policies)
    return Components(settings, application, redis, carrier, addresses, tools, registry, city)


def read_city_in_force(settings: Settings, engine: Engine) -> CityInForce:
    """Returns the city's data of the folder, which is made if it does not exist; the newest version follows at the first use.

    Raises BadFile for a folder with errors while nothing has been published. Later it is only logged: the line must not
    stay silent because somebody is in the middle of editing a file.
    """
    today = system_clock().astimezone(settings.zone).date()
    try:
        make_folder(settings.city_folder, is_demo=settings.mode is Mode.DEMO)
        texts = read_folder(settings.city_folder)
        read = check_city(texts, day=today, zone=settings.zone, number=settings.number)
    except BadFile as bad:
        published = _published_texts(engine)
        if published is None:
            raise
        structlog.get_logger().error("city.folder_unusable", problem=str(bad))
        texts = published
        read = check_city(texts, day=today, zone=settings.zone, number=settings.number)
    return CityInForce(texts, read, day=today, zone=settings.zone, number=settings.number)


def policies_without_processes(settings: Settings) -> Policies:
    """Returns the policies in force; those of the folder if the database does not answer or nothing was published.

    Raises BadFile.
    """
    today = system_clock().astimezone(settings.zone).date()
    engine = open_engine(settings.database_url)
    texts = _published_texts(engine)
    engine.dispose()
    if texts is None:
        make_folder(settings.city_folder, is_demo=settings.mode is Mode.DEMO)
        texts = read_folder(settings.city_folder)
    return read_city(texts, day=today, zone=settings.zone, number=settings.number).data.policies


def city_texts(components: Components) -> CityTexts:
    """Returns what the console and the commands check and edit the city's texts with."""
    settings = components.settings
    return CityTexts(components.city, components.application.clock, settings.zone, settings.number)


def _published_texts(engine: Engine) -> dict[CityKind, str] | None:
    """Returns the texts of the newest version; None without one, or while the database does not answer."""
    path = engine.url.database
    if engine.dialect.name == "sqlite" and (path is None or not Path(path).exists()):
        # SQLite would make an empty file.
        return None
    try:
        with Session(engine.execution_options(reading=True)) as session:
            version = publications.current_version(session)
            return publications.texts_of(session, version) if version else None
    except DBAPIError:
        return None


def sound_storage(settings: Settings) -> ObjectStorage:
    """Returns the storage of recorded sound. The demonstration makes its folder, production must have one."""
    if settings.sounds_bucket is None:
        return FolderStorage(settings.sounds_folder, makes_folder=settings.mode is Mode.DEMO)
    # Takes 40 MB and 0.3 s of CPU in each process, and most lines keep their sound in a folder.
    from hotline.gateways.storage.s3 import S3Options, S3Storage

    bucket, prefix = settings.sounds_bucket
    return S3Storage(
        S3Options(
            bucket=bucket,
            prefix=prefix,
            endpoint=settings.s3_endpoint,
            region=settings.s3_region,
            addressing=settings.s3_addressing,
            access_key=settings.s3_access_key,
            secret_key=settings.s3_secret_key,
        )
    )


def load_registry(policies: Policies) -> FlowRegistry:
    """Returns a registry of the product's own scripts. Raises FlowError."""
    return FlowRegistry(load_scripts(policies), policies, load_stored_script)


def build_or_exit(settings: Settings) -> Components:
    """Returns the components, or prints the error in the city's files and exits with status 2."""
    try:
        return build(settings)
    except (BadFile, FlowError) as error:
        print(f"hotline: {error}", file=sys.stderr)
        raise SystemExit(2) from None


def device_token(account: Account, identity: str) -> str:
    """Returns an access token with which the softphone `identity` registers to receive calls."""
    token = AccessToken(
        account.sid, account.api_key, account.api_secret, identity=identity, ttl=TOKEN_SECONDS
    )
    token.add_grant(VoiceGrant(outgoing_application_sid=account.app_sid, incoming_allow=True))
    return str(token.to_jwt())
