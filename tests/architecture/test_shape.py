"""The house keeps its shape: directions, sizes, names, one clock."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from importlinter.cli import lint_imports

from tests.architecture.sources import PRODUCT, ROOT, modules, name_of, tree_of

LONGEST_FILE, LONGEST_TEST_FILE, LONGEST_FUNCTION = 250, 400, 30
"""Lines. A file of tests is a list of sentences and may be longer than one of code."""

LONG_FILES: dict[str, str] = {
    "hotline/rules/words.py": "every word of the trade in one place",
    "hotline/events.py": "every event in one closed union",
}
LONG_FUNCTIONS: dict[str, str] = {}
"""`file:function` -> why it may be longer."""

LAZY_IMPORTS: dict[str, str] = {}
"""Files that may import inside a function, and why."""

CLOCKS = {"hotline/clock.py", "hotline/gateways/exchange/clock.py"}
WALL_CLOCK = re.compile(r"\b(datetime\.(now|utcnow|today)|date\.today|time\.time)\(")
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}


def test_imports_go_only_downwards() -> None:
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def test_files_are_short_enough_to_be_read_in_one_go() -> None:
    lengths = {
        path: len(path.read_text(encoding="utf-8").splitlines()) for path in modules(*PRODUCT, "tests")
    }
    long = {name_of(path) for path in modules(*PRODUCT) if lengths[path] > LONGEST_FILE}
    assert long == set(LONG_FILES)
    assert [name_of(path) for path in modules("tests") if lengths[path] > LONGEST_TEST_FILE] == []


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body; the signature (the formatter gives each argument a line) and the docstring do not count."""
    body = function.body if ast.get_docstring(function) is None else function.body[1:]
    return (function.end_lineno or function.lineno) - body[0].lineno + 1 if body else 0


def test_functions_are_short() -> None:
    long = {
        f"{name_of(path)}:{function.name}": lines_of(function)
        for path in modules(*PRODUCT)
        for function in functions(path)
        if lines_of(function) > LONGEST_FUNCTION
    }
    assert set(long) == set(LONG_FUNCTIONS), long


def test_nothing_is_imported_inside_a_function() -> None:
    hidden = {
        name_of(path)
        for path in modules(*PRODUCT)
        for function in functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert hidden == set(LAZY_IMPORTS)


def test_only_the_clocks_read_the_time() -> None:
    readers = {
        name_of(path)
        for path in modules(*PRODUCT)
        if WALL_CLOCK.search(path.read_text(encoding="utf-8")) and name_of(path) not in CLOCKS
    }
    assert readers == set()


def test_no_module_has_a_name_that_says_nothing() -> None:
    parts = {part for path in modules(*PRODUCT, "tests") for part in (*path.parent.parts, path.stem)}
    assert parts & FORBIDDEN_NAMES == set()


def test_every_module_says_why_it_exists() -> None:
    silent = [
        name_of(path)
        for path in modules(*PRODUCT)
        if path.read_text(encoding="utf-8").strip() and not ast.get_docstring(tree_of(path))
    ]
    assert silent == []


def test_tests_never_patch() -> None:
    """Fakes, never mocks; this file names the words in pieces so that it does not find itself."""
    words = ("unittest" + ".mock", "mocker" + ".patch", "monkeypatch" + ".setattr")
    patching = {
        (name_of(path), word)
        for path in modules("tests")
        for word in words
        if word in path.read_text(encoding="utf-8")
    }
    assert patching == set()
