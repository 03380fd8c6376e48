"""The shape of the source: imports point one way, files stay small."""

import ast
import graphlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "livecomp"
MODULES = {
    ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in SOURCE.rglob("*.py")
}
WAY = [["consumer"], ["runtime"], ["page"], ["events", "templating", "protocol"], ["state"]]
ABOVE = [
    (f"livecomp.{lower}", f"livecomp.{upper}")
    for floor, lowers in enumerate(WAY)
    for lower in lowers
    for uppers in WAY[:floor]
    for upper in uppers
]


@pytest.mark.parametrize(("lower", "upper"), ABOVE)
def test_nothing_below_imports_something_above(lower, upper):
    reached = {name for start in _part(lower) for name in _reached(start)}
    assert not reached & set(_part(upper)), f"{lower} reaches {upper}"


def test_imports_have_no_cycle():
    graph = {name: {target for target in _imports(name) if target != name} for name in MODULES}
    graphlib.TopologicalSorter(graph).prepare()


def test_only_the_runtime_knows_channels():
    runtime = {"consumer", "asgi", "routing", "topics", "hub"}
    knowing = {name.split(".")[1] for name, path in MODULES.items() if any(_names(path, "channels")) and "." in name}
    assert knowing <= runtime


def test_one_module_knows_django_components():
    knowing = {name for name, path in MODULES.items() if any(_names(path, "django_components"))}
    assert knowing <= {"livecomp.components"}


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_python_files_are_readable_in_one_go(path):
    assert _length(path) <= 400


@pytest.mark.parametrize("path", sorted((ROOT / "js" / "src").rglob("*.ts")), ids=lambda path: path.name)
def test_client_files_are_readable_in_one_go(path):
    lines = _length(path)
    assert lines <= 300


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "misc"])
def test_every_file_is_named_after_what_it_holds(name):
    assert not [path for path in SOURCE.rglob("*") if path.stem == name]


def _length(path: Path) -> int:
    return len(path.read_text().splitlines())


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _part(name: str) -> list[str]:
    return [module for module in MODULES if module == name or module.startswith(f"{name}.")]


@cache
def _reached(name: str) -> frozenset[str]:
    """Every module of ours that importing this one imports."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for target in _imports(waiting.pop()) - found:
            found.add(target)
            waiting.append(target)
    return frozenset(found)


@cache
def _imports(name: str) -> frozenset[str]:
    """The modules of ours that this one imports when it is loaded."""
    found = set()
    for node in _loaded(_tree(MODULES[name])):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            found |= {f"{base}.{alias.name}" if f"{base}.{alias.name}" in MODULES else base for alias in node.names}
    return frozenset(found & MODULES.keys())


def _names(path: Path, package: str) -> Iterator[str]:
    for node in ast.walk(_tree(path)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        yield from (name for name in names if name.split(".")[0] == package)


def _loaded(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run when the module is imported: no bodies of functions, nothing for type checkers only."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _loaded(child)
