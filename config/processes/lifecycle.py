"""The beginning of every process of the Procfile: its settings, its log, and its answer to a request to reload."""

import signal

import structlog

from config.logs import begin_logging, log_crashes
from config.settings import Settings, settings_or_exit


def begin_process() -> Settings:
    """Returns the settings after setting up the log. Exits with status 2 for a wrong setting."""
    settings = settings_or_exit()
    begin_logging(settings.mode, settings.secrets)
    log_crashes()
    return settings


def log_started(name: str, **facts: object) -> None:
    """Logs `NAME.started`, once nothing stops the boot any more."""
    structlog.get_logger().info(f"{name}.started", **facts)


def refuse_hangup() -> None:
    """Makes SIGHUP a line in the log: this process renews nothing by it, and must not end either."""
    signal.signal(signal.SIGHUP, lambda *_: log_hangup(None))


def log_hangup(_server: object) -> None:
    """Logs that a process was told to reload. gunicorn calls it with its arbiter."""
    # All code and files are read before the first request, so that a wrong file stops the boot and not a call.
    structlog.get_logger().warning("process.not_renewed", signal="SIGHUP", remedy="restart this process")
