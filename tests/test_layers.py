"""Who imports whom, and how long a module is.

Invariant: data flows one way; a module that needs to look back lacks a fact in the value it was handed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.helpers import ROOT

PACKAGE = ROOT / "zimlint"
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 320
LONGER = {"zimlint.model": 350}
"""The list of all matches and targets: one idea, many values."""

READING = {"source", "packets", "model", "host", "assets"}
JUDGING = {"model", "host", "semantics", "zimbra", "finding", "packets", "source"}
LAYERS: dict[str, set[str]] = {
    "source": set(),
    "packets": set(),
    "variants": set(),
    "assets": {"source"},
    "yaml_tree": {"source"},
    "model": {"source", "packets", "variants"},
    "host": {"source", "packets", "model"},
    "formats": READING | {"variants", "yaml_tree"},
    "ufw": READING | {"formats", "variants"},
    "semantics": {"source", "packets", "model", "variants"},
    "zimbra": {"packets", "source", "assets", "yaml_tree"},
    "severity": set(),
    "exposure": {"severity", "model", "packets", "source"},
    "finding": {"severity", "exposure", "model", "packets", "source"},
    "fingerprint": {"finding", "source"},
    "baseline": {"finding", "fingerprint", "source"},
    "params": {"source", "yaml_tree"},
    "checks": {"params", "questions", "zimbra", "finding", "source", "assets", "yaml_tree"},
    "questions": JUDGING | {"checks", "exposure"},
    "one_line": JUDGING | {"questions"},
    "settle": JUDGING | {"questions", "one_line"},
    "hosts": {"formats", "ufw", "model", "host", "source", "packets", "finding"},
    "suppressions": JUDGING | {"checks", "questions", "settle", "yaml_tree"},
    "engine": JUDGING | {"checks", "questions", "settle", "suppressions"},
    "survey": JUDGING | {"checks", "engine", "exposure", "questions"},
    "reporters": {"exposure", "finding", "fingerprint", "source", "packets", "model"},
    "cli": READING
    | JUDGING
    | {"engine", "hosts", "formats", "reporters", "checks", "baseline", "fingerprint", "exposure", "survey"},
    "__main__": {"cli"},
}
"""Layer to the layers that it may import; itself always, and ``zimlint`` for the version."""

PRIVATE = {
    "zimlint.semantics.replay": {
        f"zimlint.semantics.{name}" for name in ("cells", "decide", "kinds", "program", "state", "walk")
    },
}
"""Module to modules of its own layer that it must not share: replay checks decide, so it is none of it."""


def modules_named(tree: ast.AST) -> Iterator[str]:
    """The zimlint modules that are imported anywhere in a file, inside functions too."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                yield from (alias.name for alias in names if alias.name.split(".")[0] == "zimlint")
            case ast.ImportFrom(module=str(module), names=names, level=0) if module.split(".")[0] == "zimlint":
                for alias in names:
                    whole = f"{module}.{alias.name}"
                    path = ROOT.joinpath(*whole.split("."))
                    yield whole if path.is_dir() or path.with_suffix(".py").exists() else module
            case ast.ImportFrom(level=level):
                assert level == 0, "relative import"
            case _:
                continue


def dotted(path: Path) -> str:
    """The module that a file holds."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: dotted(path))
def test_imports_keep_to_the_layers(path: Path) -> None:
    """Nobody imports from a layer above."""
    name = dotted(path)
    imported = set(modules_named(ast.parse(path.read_text(encoding="utf-8"))))
    if name == "zimlint":
        assert imported == set()
        return
    layer = name.split(".")[1]
    allowed = LAYERS[layer] | {layer}
    strangers = {module for module in imported if module != "zimlint" and module.split(".")[1] not in allowed}
    assert strangers == set(), f"{name} may import {sorted(allowed)}"
    assert imported.isdisjoint(PRIVATE.get(name, set()))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: dotted(path))
def test_a_module_is_short(path: Path) -> None:
    """Past that there is a second idea in it."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGER.get(dotted(path), MOST_LINES)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: dotted(path))
def test_a_module_says_what_it_is(path: Path) -> None:
    """Its docstring comes first."""
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_only_the_command_prints_or_exits() -> None:
    """Everybody else hands values back."""
    found = [
        f"{dotted(path)}:{node.lineno}"
        for path in MODULES
        if path.relative_to(PACKAGE).parts[0] not in ("cli", "__main__.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("print", "exit", "input")
    ]
    assert found == []


def test_no_circles() -> None:
    """Not within a layer either, nor inside functions or for type checkers; but a package may load its parts."""
    imports = {dotted(path): set(modules_named(ast.parse(path.read_text(encoding="utf-8")))) for path in MODULES}
    for name, modules in imports.items():
        imports[name] = {module for module in modules if not module.startswith(f"{name}.")}
    TopologicalSorter(imports).prepare()


def test_replay_and_decide_are_two_interpreters() -> None:
    """Not even by a detour does replay use what decide is made of."""
    reached, waiting = set[str](), ["zimlint.semantics.replay"]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            path = ROOT.joinpath(*name.split("."))
            file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            waiting += modules_named(ast.parse(file.read_text(encoding="utf-8")))
    assert reached.isdisjoint(PRIVATE["zimlint.semantics.replay"])
