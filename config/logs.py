"""Logging of every process: one line an event on standard error, as JSON in production, libraries included.

Log events carry ids only, never callers' numbers or texts of requests, and no secret of the settings. A warning or error that
repeats is written a few times; the next line of its kind after a pause says how many were left out.
"""

import json
import logging
import re
import sys
import threading
import time
import warnings
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, TextIO

import structlog

from config.settings import Mode
from hotline.rules.failures import without_numbers

Event = MutableMapping[str, Any]

# Fields that tell two events of one name apart; ids are not among them.
_KINDS = ("trouble", "reason", "error", "webhook", "job", "reaction", "logger", "problem")
# PostgreSQL quotes the values of a row in the detail of an error.
_DETAIL = re.compile(r"DETAIL:.*")
_LIMITED = frozenset({"warning", "error", "critical", "exception"})


@dataclass(slots=True)
class Throttle:
    """Admits `burst` events of a kind in `seconds`, and counts those that it does not admit."""

    burst: int = 3
    seconds: float = 10.0
    clock: Callable[[], float] = time.monotonic
    _windows: dict[object, tuple[float, int]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def admit(self, kind: object) -> int | None:
        """Returns how many events of the kind were left out before this one, or None to leave this one out."""
        now = self.clock()
        with self._lock:
            begun, count = self._windows.get(kind, (now, 0))
            left_out = max(count - self.burst, 0)
            if now - begun >= self.seconds:
                begun, count = now, 0
            elif count >= self.burst:
                self._windows[kind] = (begun, count + 1)
                return None
            else:
                left_out = 0
            if len(self._windows) > 1000:
                self._windows.clear()
            self._windows[kind] = (begun, count + 1)
            return left_out

    def __call__(self, _logger: object, _method: str, event: Event) -> Event:
        """Leaves an event out, as a processor of structlog."""
        if event.get("level") in _LIMITED:
            kind = (event.get("event"), *(str(event[name]) for name in _KINDS if name in event))
            left_out = self.admit(kind)
            if left_out is None:
                raise structlog.DropEvent
            if left_out:
                event["left_out"] = left_out
        return event

    def filter(self, record: logging.LogRecord) -> bool:
        """Leaves a record of a library out, as a filter of the standard library's logging."""
        if record.levelno < logging.WARNING:
            return True
        trouble = record.exc_info[0] if isinstance(record.exc_info, tuple) else None
        left_out = self.admit((record.name, str(record.msg)[:80], trouble))
        record.left_out = left_out
        return left_out is not None


def begin_logging(mode: Mode, secrets: tuple[str, ...] = ()) -> None:
    """Sets up structlog and the standard library's logging for this process. No line contains one of `secrets`."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if mode is Mode.PRODUCTION
        else structlog.processors.KeyValueRenderer(key_order=["level", "event"])
    )
    throttle = Throttle()
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendered: list[structlog.typing.Processor] = [
        structlog.processors.format_exc_info,
        _without_quoted_values,
        renderer,
        _without(secrets),
    ]
    # Libraries such as RQ log through the standard library; their records get the same form, tracebacks included.
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(throttle.filter)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name, _add_left_out],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendered],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    structlog.configure(
        processors=[*shared, throttle, *rendered],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def log_crashes() -> None:
    """Logs what ends a process or a thread, and Python's own warnings, in the form of every other line."""
    # The main function of a process calls it: within a test these belong to pytest.
    sys.excepthook = _log_crash
    threading.excepthook = _log_thread_crash
    sys.unraisablehook = _log_unraisable
    warnings.showwarning = _log_warning


def _log_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger().critical("process.crashed", trouble=kind.__name__, exc_info=(kind, error, trace))


def _log_thread_crash(crash: threading.ExceptHookArgs) -> None:
    name = crash.thread.name if crash.thread else ""
    trouble = crash.exc_value or crash.exc_type()
    structlog.get_logger().error(
        "thread.crashed", thread=name, trouble=crash.exc_type.__name__, exc_info=trouble
    )


def _log_unraisable(unraisable: Any) -> None:
    trouble = unraisable.exc_value
    structlog.get_logger().warning(
        "error.ignored", trouble=type(trouble).__name__, where=str(unraisable.err_msg), exc_info=trouble
    )


def _log_warning(  # noqa: PLR0917 - Python's signature
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 - Python's signature
    line: str | None = None,  # noqa: ARG001 - same
) -> None:
    structlog.get_logger().warning(
        "python.warning", problem=f"{category.__name__}: {message}", where=f"{filename}:{lineno}"
    )


def _add_left_out(_logger: object, _method: str, event: Event) -> Event:
    left_out = getattr(event.get("_record"), "left_out", None)
    if left_out:
        event["left_out"] = left_out
    return event


def _without_quoted_values(_logger: object, _method: str, event: Event) -> Event:
    """Removes what an error or a library quotes: numbers, and the values of a row."""
    for name in ("exception", "event"):
        if isinstance(event.get(name), str) and (name == "exception" or "logger" in event):
            event[name] = without_numbers(_DETAIL.sub("DETAIL: …", event[name]))
    return event


def _without(secrets: tuple[str, ...]) -> structlog.typing.Processor:
    """Returns a processor that replaces `secrets` in a rendered line, in whatever way the line is escaped."""
    shown = {
        form
        for secret in secrets
        for form in (secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    }

    def replace(_logger: object, _method: str, line: Any) -> Any:
        for secret in shown:
            line = line.replace(secret, "***")
        return line

    return replace
