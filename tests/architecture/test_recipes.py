"""The data recipes of CONTRIBUTING.md hold: each is followed in a copy of the tree, and its tests pass there.

A step that is left out fails a test that names what is missing.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, copy_tree

PYTEST = ("-m", "pytest", "-q", "-n", "0", "-p", "no:randomly", "-o", "addopts=--import-mode=importlib")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the Python code, the tests and their data."""
    copy_tree(tmp_path)
    return tmp_path


def insert(path: Path, before: str, text: str) -> None:
    """Inserts `text` into the file before the only occurrence of `before`."""
    source = path.read_text(encoding="utf-8")
    assert source.count(before) == 1, (path, before)
    path.write_text(source.replace(before, text + before), encoding="utf-8")


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def report(tree: Path, *tests: str) -> tuple[bool, str]:
    """Runs `tests` in `tree`; returns whether they pass, and what pytest printed."""
    # The tree comes before the installed project on the path.
    environment = os.environ | {"PYTHONPATH": str(tree)}
    command = [sys.executable, *PYTEST, *tests]
    answer = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    return answer.returncode == 0, answer.stdout + answer.stderr


def recipe(name: str) -> str:
    """Returns the recipe `name` of CONTRIBUTING.md."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return text.partition(f"- **{name}.**")[2].partition("\n- **")[0]


def files_in(text: str) -> set[str]:
    return set(re.findall(r"`([\w./-]+\.(?:py|po|toml|md|txt))`", text))


STATISTICS = "hotline/rules/figures/statistics.py"
LABELS = "agent_console/reports/labels.py"
ENGLISH = "agent_console/translations/en/LC_MESSAGES/messages.po"
REGISTRY_TEST = "tests/rules/test_statistic_registry.py"
RATE_TEST = "tests/rules/test_reconciliation.py"


def test_a_new_statistic_touches_five_files(tree: Path) -> None:
    assert files_in(recipe("A statistic")) == {STATISTICS, LABELS, ENGLISH, REGISTRY_TEST, RATE_TEST}
    function = """\
def discard_rate(figures: Figures) -> Rate:
    drafts = figures.requests.drafts
    return Rate(figures.requests.discarded, figures.requests.discarded + drafts)


"""
    entry = '    Statistic("discard_rate", Cohort.RECEIVED, discard_rate, ("direct",), ("total",)),\n'
    insert(tree / STATISTICS, "def redo_rate(", function)
    insert(tree / STATISTICS, '    Statistic("redo_rate"', entry)
    passed, printed = report(tree, "tests/console/test_report_labels.py")
    assert not passed
    assert "discard_rate" in printed

    insert(
        tree / LABELS,
        '    "redo_rate"',
        '    "discard_rate": StatisticLabel(N_("作废占比"), N_("作废 ÷ 受理")),\n',
    )
    passed, printed = report(
        tree, "tests/console/test_report_labels.py", "tests/console/test_auth_english.py"
    )
    assert not passed
    assert "作废占比" in printed

    append(
        tree / ENGLISH,
        '\nmsgid "作废占比"\nmsgstr "Discarded"\n\nmsgid "作废 ÷ 受理"\nmsgstr "discarded ÷ received"\n',
    )
    insert(tree / REGISTRY_TEST, '    "redo_rate",\n', '    "discard_rate",\n')
    insert(tree / RATE_TEST, '    "redo_rate": (', '    "discard_rate": (2, 3, {}),\n')
    passed, printed = report(
        tree,
        "tests/rules/test_statistic_registry.py",
        "tests/rules/test_reconciliation.py",
        "tests/console/test_report_labels.py",
        "tests/console/test_auth_english.py",
        "tests/console/test_report_api.py",
    )
    assert passed, printed


CHANNELS = "hotline/gateways/notifications/"
WIRING = "config/wiring.py"

PAGER = """\
from hotline.gateways.notifications.channel import UnitAddress, UnitNotification


class PagerChannel:
    def __init__(self, pages: list[str]) -> None:
        self._pages = pages

    def reaches(self, unit: UnitAddress) -> bool:
        return unit.code == "city-management"

    def send(self, notification: UnitNotification) -> None:
        self._pages.append(notification.key)
"""

PAGER_TEST = """\
from dataclasses import replace
from pathlib import Path

from config.settings import read_settings
from config.wiring import build
from hotline import outbox
from hotline.gateways.notifications.pager import PagerChannel
from hotline.reactions.context import ReactionContext
from hotline.unit_of_work import Application
from tests.outbox.test_outbox import hand_off


def test_a_unit_without_a_system_of_its_own_is_paged(application: Application, tools: ReactionContext) -> None:
    hand_off(application)
    pages: list[str] = []
    paging = replace(tools, channels=(*tools.channels, PagerChannel(pages)))
    while pending := outbox.relay(application).due:
        for delivery in pending:
            outbox.deliver(paging, delivery.id)
    assert pages == ["assignment-1"]


def test_the_worker_has_the_channel(tmp_path: Path) -> None:
    components = build(read_settings({"HOTLINE_ENV": "demo", "HOTLINE_HOME": str(tmp_path)}))
    assert PagerChannel in {type(channel) for channel in components.reaction_context.channels}
"""


def test_a_new_notification_channel_is_one_class_one_line_and_its_test(tree: Path) -> None:
    assert CHANNELS in recipe("A notification channel")
    assert WIRING in files_in(recipe("A notification channel"))
    (tree / CHANNELS / "pager.py").write_text(PAGER, encoding="utf-8")
    (tree / "tests/outbox/test_pager.py").write_text(PAGER_TEST, encoding="utf-8")
    insert(
        tree / WIRING,
        "from hotline.gateways.notifications.webhook",
        "from hotline.gateways.notifications.pager import PagerChannel\n",
    )
    wiring = tree / WIRING
    line = wiring.read_text(encoding="utf-8").replace(
        "(WebhookChannel(),)", "(WebhookChannel(), PagerChannel([]))"
    )
    wiring.write_text(line, encoding="utf-8")
    passed, printed = report(tree, "tests/outbox/test_pager.py", "--databases=sqlite")
    assert passed, printed


JOBS = "config/periodic_jobs.py"
RETENTION = "hotline/services/retention.py"

JOB_TEST = """\
from config.periodic_jobs import JOBS
from config.processes.scheduler import Scheduler
from hotline.store.jobs import PeriodicJob
from hotline.unit_of_work import Application


def test_the_scheduler_runs_the_job(application: Application) -> None:
    Scheduler(application, lambda _runs: None, JOBS).tick()
    with application.read_session() as session:
        assert session.get_one(PeriodicJob, "count_nothing").count == 0
"""


def test_a_new_periodic_job_is_one_function_and_one_line(tree: Path) -> None:
    assert files_in(recipe("A periodic job")) == {JOBS}
    append(tree / RETENTION, "\n\ndef count_nothing(work: UnitOfWork) -> int:\n    return 0\n")
    line = '    LightJob("count_nothing", Every(60), retention.count_nothing),\n'
    insert(tree / JOBS, '    LightJob("check_silent_calls"', line)
    (tree / "tests/outbox/test_count_nothing.py").write_text(JOB_TEST, encoding="utf-8")
    listing = "tests/config/test_commands.py::test_periodic_jobs_are_listed_with_their_last_results"
    passed, printed = report(tree, "tests/outbox/test_count_nothing.py", listing, "--databases=sqlite")
    assert passed, printed
