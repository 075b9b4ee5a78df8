"""Logging of every process: one line an event on standard error, as JSON in production.

Log events carry ids only, never callers' numbers or texts of requests.
"""

import logging
import sys

import structlog

from config.settings import Mode


def begin_logging(mode: Mode) -> None:
    """Sets up structlog and the standard library's logging for this process."""
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
    )
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if mode is Mode.PRODUCTION
        else structlog.processors.KeyValueRenderer(key_order=["level", "event"])
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
