"""Log lines of a process: one line an event, JSON in production, libraries included."""

import json
import subprocess
import sys

import pytest
from gunicorn.config import Config

from config.logs import Throttle
from config.processes.serve import JsonLogger
from tests.architecture.sources import ROOT

PROGRAM = """
import logging, sys, structlog
from config.logs import begin_logging
from config.settings import Mode
begin_logging(Mode(sys.argv[1]))
structlog.get_logger().debug("not.important")
structlog.get_logger().info("call.arrived", call=7)
logging.getLogger("rq.worker").info("not important")
logging.getLogger("rq.worker").warning("a job\\nfailed")
try:
    {}["missing"]
except KeyError:
    structlog.get_logger().exception("job.failed", job="热线")
    logging.getLogger("rq.worker").exception("it failed")
"""


def lines_of(mode: str) -> list[str]:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, mode], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ended.stdout == ""
    return ended.stderr.splitlines()


def test_production_logs_one_json_object_a_line_for_its_own_events_and_those_of_libraries() -> None:
    arrived, warned, failed, library = [json.loads(line) for line in lines_of("production")]
    assert (arrived["event"], arrived["level"], arrived["call"]) == ("call.arrived", "info", 7)
    assert arrived["timestamp"].endswith("Z")
    assert (warned["event"], warned["level"], warned["logger"]) == ("a job\nfailed", "warning", "rq.worker")
    assert failed["job"] == "热线"
    assert "KeyError: 'missing'" in failed["exception"]
    assert "KeyError: 'missing'" in library["exception"]


def test_json_lines_keep_chinese_legible() -> None:
    assert '"job": "热线"' in lines_of("production")[2]


def test_the_demonstration_logs_one_line_an_event_that_begins_with_level_and_name() -> None:
    lines = lines_of("demo")
    assert len(lines) == 4
    assert lines[0].startswith("level='info' event='call.arrived' call=7 ")


SECRET = 'p"ss wörd/%40'
NOISE = """
import logging, sys, threading, warnings, structlog
from config.logs import begin_logging, log_crashes
from config.settings import Mode
secret = sys.argv[2]
begin_logging(Mode(sys.argv[1]), (secret,))
log_crashes()
logging.getLogger("alembic").error("no password %s", secret)
logging.getLogger("rq.worker").warning("caller +8613800001234 and DETAIL: Key (name)=(李明远) exists")
warnings.warn("this is old: " + secret, DeprecationWarning, stacklevel=1)
for attempt in range(50):
    logging.getLogger("limits").error("storage is away")
    structlog.get_logger().error("clock.trouble", trouble="OperationalError", attempt=attempt)
    structlog.get_logger().info("call.arrived", call=attempt)
crash = threading.Thread(target=lambda: [].pop(), name="reader")
crash.start()
crash.join()
class Ghost:
    def __del__(self):
        raise KeyError("gone")
Ghost()
raise ValueError("the end, " + secret)
"""


def test_whatever_a_process_writes_is_json_without_secrets_numbers_and_floods() -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "always", "-c", NOISE, "production", SECRET],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    for hidden in (SECRET, json.dumps(SECRET)[1:-1], "13800001234", "李明远"):
        assert hidden not in ended.stderr
    names = [line["event"] for line in lines]
    assert (names.count("storage is away"), names.count("clock.trouble")) == (3, 3)
    assert names.count("call.arrived") == 50, "an ordinary event is never left out"
    assert names[0] == "no password ***"
    assert {"python.warning", "thread.crashed", "error.ignored"} <= set(names)
    assert (names[-1], lines[-1]["trouble"]) == ("process.crashed", "ValueError")
    assert "the end, ***" in lines[-1]["exception"]


def test_an_event_that_repeats_is_counted_until_the_window_is_over() -> None:
    now = [0.0]
    throttle = Throttle(burst=2, seconds=10, clock=lambda: now[0])
    assert [throttle.admit("a") for _ in range(5)] == [0, 0, None, None, None]
    assert throttle.admit("b") == 0
    now[0] = 10.0
    assert [throttle.admit("a") for _ in range(3)] == [3, 0, None]


@pytest.mark.parametrize("name", ["gunicorn.error", "gunicorn.access"])
def test_gunicorn_hands_its_records_to_the_log_of_the_process(name: str) -> None:
    logger = JsonLogger(Config()).__getattribute__(name.partition(".")[2] + "_log")
    assert (logger.handlers, logger.propagate) == ([], True)
