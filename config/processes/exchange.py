"""Runs the carrier simulator: `python -m config.processes.exchange`. In production it refuses to start."""

import sys

from config.demo.auto_answer import ANSWERS, NAMES
from config.settings import Mode, Settings, settings_or_exit
from hotline.exchange.server import serve
from hotline.exchange.vocabulary.settings import ExchangeSettings
from hotline.gateways.addresses import VoiceAddresses, VoiceRoute


def exchange_settings(settings: Settings) -> ExchangeSettings:
    """Returns the settings with which the exchange simulates the carrier of this hotline."""
    addresses = VoiceAddresses(settings.public_url)
    return ExchangeSettings(
        account_sid=settings.account.sid,
        auth_token=settings.account.auth_token,
        api_key=settings.account.api_key,
        api_secret=settings.account.api_secret,
        number=settings.number,
        voice_url=addresses.url(VoiceRoute.INCOMING),
        status_url=addresses.url(VoiceRoute.STATUS),
        fallback_url=addresses.url(VoiceRoute.FALLBACK),
        port=settings.exchange_port,
        pace=settings.exchange_pace,
        answers=ANSWERS,
        names=NAMES,
        narrow=settings.narrow_carrier,
        app_sid=settings.account.app_sid,
    )


def main() -> None:
    settings = settings_or_exit()
    if settings.mode is Mode.PRODUCTION:
        print(
            "hotline: the exchange simulates a carrier for demonstrations and never runs in production",
            file=sys.stderr,
        )
        raise SystemExit(2)
    serve(exchange_settings(settings))


if __name__ == "__main__":
    main()
