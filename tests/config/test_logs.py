"""Log lines of a process: one line an event, JSON in production, libraries included."""

import json
import subprocess
import sys

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
