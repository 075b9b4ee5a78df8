"""The browser code is linted and type-checked, and its folders keep their order."""

import json
import os
import subprocess

import pytest

from tests.architecture.sources import ROOT

# File, import that may not stand in it.
VIOLATIONS = (
    ("agent_console/static/js/core.js", "./desk/state.js"),
    ("agent_console/static/js/core.js", "../../../hotline/exchange/static/voice.js"),
    ("agent_console/static/js/desk/desk.js", "../../../../hotline/exchange/static/levels.js"),
    ("agent_console/static/js/desk/phone/softphone.js", "../../../../../hotline/exchange/static/voice.js"),
    ("agent_console/static/js/desk/phone/exchange.js", "../state.js"),
    ("hotline/exchange/static/phone.js", "../../../agent_console/static/js/net.js"),
)

LINT_TEXTS = """
import { ESLint } from "eslint";
const lint = new ESLint();
const results = [];
for (const [filePath, source] of JSON.parse(process.argv[1])) {
  const [result] = await lint.lintText(`import "${source}";\\n`, { filePath });
  results.push(result.messages.map((message) => message.ruleId));
}
console.log(JSON.stringify(results));
"""


def run_node(*command: str) -> "subprocess.CompletedProcess[str]":
    # Where bootstrap.py had to install Node, it is in the virtual environment.
    path = os.pathsep.join((str(ROOT / ".venv" / "bin"), os.environ.get("PATH", "")))
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("script", ["lint", "types"])
def test_the_browser_code_passes(script: str) -> None:
    answer = run_node("npm", "run", "--silent", script)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_an_import_against_the_order_of_the_browser_code_is_refused() -> None:
    answer = run_node("node", "--input-type=module", "-e", LINT_TEXTS, json.dumps(VIOLATIONS))
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout) == [["no-restricted-imports"]] * len(VIOLATIONS)


def test_the_carrier_simulator_is_imported_in_the_exchange_driver_only() -> None:
    importing = {
        path.name
        for path in (ROOT / "agent_console" / "static" / "js").rglob("*.js")
        if "hotline/exchange" in path.read_text(encoding="utf-8")
    }
    assert importing == {"exchange.js"}
