"""Prints the figures of the code's structure beside their goals: `make scoreboard`. They are a compass, not a gate."""

import ast
import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from graphlib import TopologicalSorter

from tests.architecture.sources import PRODUCT, imports_of_modules, modules, name_of, tree_of


def longest_chain() -> list[str]:
    """Returns the longest path of the import graph, the importing module first. Raises CycleError."""
    imports = imports_of_modules()
    chains: dict[str, list[str]] = {}
    for module in TopologicalSorter(imports).static_order():
        below = max((chains[imported] for imported in imports[module]), key=len, default=[])
        chains[module] = [module, *below]
    return max(chains.values(), key=len)


def spread(values: Sequence[int]) -> str:
    """Returns the median and the 90th percentile."""
    ordered = sorted(values)
    return f"{int(statistics.median(ordered))} · {ordered[round(0.9 * (len(ordered) - 1))]}"


def folder_sizes() -> Counter[str]:
    """Returns the number of modules of each folder."""
    return Counter(name_of(path.parent) for path in modules(*PRODUCT) if path.name != "__init__.py")


def classes_of_one_name() -> dict[str, list[str]]:
    """Returns the class names that more than one module defines, with those modules."""
    found = defaultdict(list)
    for path in modules(*PRODUCT):
        for node in tree_of(path).body:
            if isinstance(node, ast.ClassDef):
                found[node.name].append(name_of(path))
    return {name: places for name, places in sorted(found.items()) if len(places) > 1}


def main() -> None:
    chain = longest_chain()
    folders = folder_sizes().most_common(5)
    classes = classes_of_one_name()
    imported = [len(names) for names in imports_of_modules().values()]
    rows = (
        ("longest import chain", str(len(chain)), "≤ 12"),
        ("own imports a module, median · p90", spread(imported), "≤ 3 · 8"),
        ("modules in the largest folder", str(folders[0][1]), "≤ 20"),
        ("class names defined more than once", str(len(classes)), "≤ 5"),
    )
    for label, value, goal in rows:
        print(f"{label:40} {value:>8}   goal {goal}")
    print("\nlongest chain:", *chain, sep="\n  ")
    print("\nlargest folders:", *(f"{folder} {size}" for folder, size in folders), sep="\n  ")
    print(
        "\nclasses of one name:",
        *(f"{name}: {', '.join(places)}" for name, places in classes.items()),
        sep="\n  ",
    )


if __name__ == "__main__":
    main()
