"""Rules for the source text that no linter knows: imports inside functions, the clock, names, words, mocks."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.scoreboard import longest_chain
from tests.architecture.sources import PRODUCT, modules, name_of, tracked, tree_of

# Files that may import inside a function, each with its reason.
LAZY_IMPORTS: dict[str, str] = {
    "config/lazy_group.py": "a command imports its own part of the product, so that --help starts at once",
    "config/processes/serve.py": "the OpenID client takes 12 MB of memory, and only a city with a provider needs it",
    "config/wiring.py": "the S3 client takes 40 MB of memory in each process, and only a bucket needs it",
}

CLOCKS = {"hotline/clock.py", "hotline/exchange/time/clock.py"}
WALL_CLOCK = re.compile(r"\b(datetime\.(now|utcnow|today)|date\.today|time\.time)\(")
QUESTION = re.compile(r"\W*(What|Who|Whom|Whose|Which|How|Whether|Where|Whoever|Whatever)\b")
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}
# The words are put together here so that this file does not find itself.
RETIRED_WORDS = re.compile(
    r"\b(" + "|".join(("ha" + "ll", "lob" + "by", "ro" + "of")) + r")\b", re.IGNORECASE
)


def test_no_module_imports_itself_through_others() -> None:
    # The linter looks for cycles between siblings; this also finds one between a package and what lies in it.
    assert longest_chain()


def test_no_chain_of_imports_is_longer_than_twelve_modules() -> None:
    chain = longest_chain()
    assert len(chain) <= 12, " > ".join(chain)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def is_import_call(node: ast.AST) -> bool:
    """Says whether the node is a call of importlib.import_module or __import__."""
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in {"import_module", "__import__"}


def test_nothing_is_imported_inside_a_function() -> None:
    hidden = {
        name_of(path)
        for path in modules(*PRODUCT)
        for function in functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom) or is_import_call(node)
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


def test_no_docstring_opens_with_a_question_word() -> None:
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    found = {
        f"{name_of(path)}: {docstring.splitlines()[0]}"
        for path in modules(*PRODUCT, "tests")
        for node in ast.walk(tree_of(path))
        if isinstance(node, documented)
        and (docstring := ast.get_docstring(node))
        and QUESTION.match(docstring)
    }
    assert found == set()


def test_the_retired_words_for_components_do_not_come_back() -> None:
    found = {
        f"{name_of(path)}: {match[0]}"
        for path in tracked()
        if path.suffix == ".py"
        for match in RETIRED_WORDS.finditer(path.read_text(encoding="utf-8"))
    }
    assert found == set()


def test_tests_use_fakes_and_never_patch() -> None:
    # The words are put together here so that this file does not find itself.
    words = ("unittest" + ".mock", "mocker" + ".patch", "monkeypatch" + ".setattr")
    patching = {
        (name_of(path), word)
        for path in modules("tests")
        for word in words
        if word in path.read_text(encoding="utf-8")
    }
    assert patching == set()
