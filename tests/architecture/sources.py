import ast
import shutil
import subprocess
from functools import cache
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("hotline", "ivr_flows", "agent_console", "config")


@cache
def tracked() -> tuple[Path, ...]:
    """Returns the files that git tracks and that still exist; outside a checkout, the files of our own folders."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listing.returncode == 0:
        names = listing.stdout.decode().split("\0")
        return tuple(ROOT / name for name in sorted(filter(None, names)) if (ROOT / name).is_file())
    folders = [ROOT / name for name in (*PRODUCT, "tests", "docs", "locks")]
    inside = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    ours = [path for path in inside if not {"dist", "__pycache__"} & set(path.parts) and path.suffix != ".mo"]
    return tuple(sorted(ours + [path for path in ROOT.iterdir() if path.is_file()]))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def modules(*folders: str) -> tuple[Path, ...]:
    """Returns the Python files below the top-level `folders`, without the migrations: those are generated and frozen."""
    return tuple(
        path
        for path in tracked()
        if path.suffix == ".py"
        and path.relative_to(ROOT).parts[0] in folders
        and not name_of(path).startswith("hotline/store/migrations/versions/")
    )


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=name_of(path))


def copy_tree(target: Path, *left_out: str) -> None:
    """Copies pyproject.toml and our packages with the tests into `target`, without files named like `left_out`."""
    ignored = shutil.ignore_patterns("__pycache__", "dist", "*.mo", *left_out)
    for folder in (*PRODUCT, "tests"):
        shutil.copytree(ROOT / folder, target / folder, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", target)


@cache
def imports_of_modules() -> dict[str, set[str]]:
    """Returns, for each module of ours, the modules of ours that it imports. Migrations are left out."""
    graph = grimp.build_graph(*PRODUCT, cache_dir=None)
    ours = {module for module in graph.modules if not module.startswith("hotline.store.migrations")}
    return {module: (graph.find_modules_directly_imported_by(module) & ours) - {module} for module in ours}
