"""The one door, proved from the code: fronts reach through nothing, and every call says who asks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from rag.settings import Settings
from tests import ROOT

FRONTS = [*sorted(ROOT.glob("rag/ui/**/*.py")), *sorted(ROOT.glob("rag/cli/*.py")), ROOT / "app.py"]
LIFE = ("start", "load", "close")
"""What begins and ends the product asks for nothing, and nobody asks for it."""
OPENERS = ("rag.build", "rag.data_folder", "rag.store")
"""Modules that open databases."""
OPENING = ("build", "opened", "throw_away", "Service")
"""What a front may take from `rag.build`: the product as a whole."""
BESIDE = {
    "rag/cli/backup.py": "copy, export and import move whole collections between databases, without a model",
    "rag/cli/doctor.py": "doctor looks at what keeps the product from starting",
    "rag/cli/doctor_milvus.py": "a part of doctor",
    "rag/cli/reingest.py": "repair and undelete mend what the product refuses to open",
    "rag/cli/kb.py": "kb needs no model, and none is loaded for it",
    "rag/cli/documents.py": "the list needs no model, and which files a watched folder held is kept by its command",
    "rag/cli/evidence.py": "verify and marks read what is kept, without a model",
}
"""Commands that open databases themselves, and why."""


@cache
def classes() -> dict[str, ast.ClassDef]:
    """The classes of the service, by name."""
    found: dict[str, ast.ClassDef] = {}
    for path in sorted(ROOT.glob("rag/service/*.py")):
        found |= {n.name: n for n in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(n, ast.ClassDef)}
    return found


def methods(of: ast.ClassDef) -> dict[str, ast.FunctionDef]:
    """The public ones."""
    return {n.name: n for n in of.body if isinstance(n, ast.FunctionDef) and not n.name.startswith("_")}


@cache
def areas() -> dict[str, ast.ClassDef]:
    """Attribute of `Service` -> the class of what it holds."""
    made = next(n for n in classes()["Service"].body if isinstance(n, ast.FunctionDef) and n.name == "__init__")
    held = {a.arg: a.annotation.id for a in made.args.kwonlyargs if isinstance(a.annotation, ast.Name)}
    return {name: classes()[kind] for name, kind in held.items()}


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def chain(node: ast.expr) -> list[str]:
    """`a.b.c` as its names; what is no name is "()"."""
    if isinstance(node, ast.Attribute):
        return [*chain(node.value), node.attr]
    return [node.id] if isinstance(node, ast.Name) else ["()"]


def reached(tree: ast.Module) -> Iterator[tuple[int, list[str]]]:
    """Line and names after `service` of every attribute that is taken from a service."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and "service" in (names := chain(node))[:-1]:
            yield node.lineno, names[names.index("service") + 1 :]


def allowed(names: list[str]) -> bool:
    """Whether a front may take this from a service."""
    first, *more = names
    if first == "settings":
        return not more or more[0] in {f.name for f in fields(Settings)} | {n for n in dir(Settings) if n[0] != "_"}
    if first in areas():
        return not more or more[0] in methods(areas()[first])
    return first in methods(classes()["Service"])


@pytest.mark.parametrize("path", FRONTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_front_reaches_through_nothing(path: Path) -> None:
    assert [(line, names) for line, names in reached(parsed(path)) if not allowed(names)] == []


@pytest.mark.parametrize("path", FRONTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_front_touches_no_private_part_of_anything(path: Path) -> None:
    touched = [n for n in ast.walk(parsed(path)) if isinstance(n, ast.Attribute) and n.attr.startswith("_")]
    dunder = [n for n in touched if not n.attr.endswith("__") and n.attr != "_replace"]
    assert [(n.lineno, n.attr) for n in dunder if chain(n.value) not in (["self"], ["cls"])] == []


def test_only_the_commands_that_say_why_open_databases_themselves() -> None:
    found = set()
    for path in FRONTS:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(OPENERS):
                whole = node.module == "rag.build" and all(alias.name in OPENING for alias in node.names)
                found |= set() if whole else {str(path.relative_to(ROOT))}
    assert found == set(BESIDE)


def test_there_is_something_to_reach() -> None:
    assert {
        "conversations", "marks", "knowledge_bases", "documents", "jobs", "indexes", "language_model",
    } == set(areas())  # fmt: skip
    trees = [parsed(path) for path in FRONTS]
    assert sum(len(list(reached(tree))) for tree in trees) > 100
    for line, ok in (
        ("service.jobs.all(who)", True),
        ("self.service.settings.retrieval", True),
        ("handlers.service.documents.all(who).sort()", True),
        ("service.library.catalogue", False),
        ("self.service.runtime.models()", False),
        ("service.jobs.worker", False),
        ("self.service._runtime", False),
    ):
        assert all(allowed(names) for _, names in reached(ast.parse(line))) is ok, line


@pytest.mark.parametrize("name", [name for name in classes() if name[0] != "_"])
def test_every_call_of_the_service_says_who_asks(name: str) -> None:
    for method in methods(classes()[name]).values():
        if method.name not in LIFE:
            first = method.args.args[1] if len(method.args.args) > 1 else None
            assert first is not None and first.arg == "actor", f"{name}.{method.name}"
            assert isinstance(first.annotation, ast.Name) and first.annotation.id == "Actor", f"{name}.{method.name}"
