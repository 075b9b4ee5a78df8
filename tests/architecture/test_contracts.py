"""Every import contract of pyproject.toml holds, and every one of them breaks when it is violated."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.architecture.sources import ROOT, copy_tree

# Contract, file that is changed, import that is appended to it.
VIOLATIONS = (
    (
        "Direction: config above the two web adapters, both above hotline",
        "ivr_flows/flow.py",
        "import agent_console.app",
    ),
    ("Layers of hotline", "hotline/events.py", "import hotline.services.retention"),
    ("Layers of ivr_flows", "ivr_flows/engine.py", "import ivr_flows.lint"),
    ("Layers of the voice webhooks", "ivr_flows/webhooks/webhook.py", "import ivr_flows.webhooks.call_flow"),
    ("Layers of the rules", "hotline/rules/policies.py", "import hotline.rules.tickets.fields"),
    ("Layers of agent_console", "agent_console/web/locale.py", "import agent_console.app"),
    ("Layers of config", "config/settings.py", "import config.wiring"),
    (
        "Page families of the console are independent",
        "agent_console/reports/files.py",
        "import agent_console.tickets.ticket_sheet",
    ),
    (
        "The carrier simulator imports nothing of ours",
        "hotline/exchange/server.py",
        "import hotline.rules.enums",
    ),
    (
        "Only config imports the carrier simulator",
        "ivr_flows/webhooks/signature.py",
        "import hotline.exchange.core.webhook_client",
    ),
    ("No import cycles", "hotline/gateways/carrier.py", "import hotline.gateways.twilio"),
    ("Rules are pure", "hotline/rules/enums.py", "import os"),
    ("Web adapters import no SQLAlchemy", "agent_console/app.py", "import sqlalchemy"),
    (
        "Only the gateway, the TwiML renderer and the token wiring import the carrier's library",
        "ivr_flows/webhooks/signature.py",
        "import twilio.request_validator",
    ),
    ("Only the web adapters import the web framework", "hotline/outbox.py", "import flask"),
    ("Only config imports the job queue", "hotline/outbox.py", "import rq"),
    ("Only the live channel and the composition import Redis", "hotline/outbox.py", "import redis"),
    ("Only gateways send HTTP requests", "agent_console/app.py", "import requests"),
    ("Only the gateway imports the OpenID client", "hotline/outbox.py", "import authlib"),
    ("Only the storage in a bucket imports the S3 client", "hotline/outbox.py", "import boto3"),
    (
        "Only the carrier simulator and the server of live streams run an event loop",
        "hotline/outbox.py",
        "import asyncio",
    ),
    ("Layers inside the exchange", "hotline/exchange/state/calls.py", "import hotline.exchange.server"),
)


def run_linter(tree: Path) -> str:
    """Returns the linter's report on `tree`."""
    # The tree comes before the installed project on the path; wide columns keep each name on one line.
    environment = os.environ | {"PYTHONPATH": str(tree), "COLUMNS": "300", "PYTHONDONTWRITEBYTECODE": "1"}
    command = "from importlinter.cli import lint_imports_command as lint; lint()"
    answer = subprocess.run(
        [sys.executable, "-c", command, "--no-cache"],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout + answer.stderr


def verdicts(report: str) -> dict[str, str]:
    return dict(re.findall(r"^(.+) (KEPT|BROKEN)\b", report, re.MULTILINE))


def names_the_import(report: str, contract: str, path: str) -> bool:
    """Says whether the explanation of the broken `contract` names the module at `path`, or its package for a cycle."""
    explanation = report.partition(f"\n{contract}\n----")[2].partition("\n----")[0]
    module = path.removesuffix(".py").replace("/", ".")
    package = module.rpartition(".")[0]
    return f"{module} " in explanation or f"allowed in {package}." in explanation


def contract_names() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [contract["name"] for contract in project["tool"]["importlinter"]["contracts"]]


def test_every_contract_is_kept() -> None:
    report = run_linter(ROOT)
    assert verdicts(report) == dict.fromkeys(contract_names(), "KEPT"), report


def test_every_contract_has_a_planted_violation() -> None:
    assert sorted(contract for contract, _, _ in VIOLATIONS) == sorted(contract_names())


def test_every_planted_violation_breaks_its_contract(tmp_path: Path) -> None:
    copy_tree(tmp_path, "static", "templates", "translations", "sounds")
    for _, name, line in VIOLATIONS:
        path = tmp_path / name
        path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    report = run_linter(tmp_path)
    assert verdicts(report) == dict.fromkeys(contract_names(), "BROKEN"), report
    # One violation may break several contracts, so each explanation must name the one that was planted for it.
    unexplained = [
        contract for contract, path, _ in VIOLATIONS if not names_the_import(report, contract, path)
    ]
    assert unexplained == [], report
