"""The structure, proved from the code: who may import whom, and that importing the package costs nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path
    for path in [*ROOT.glob("rag/**/*.py"), ROOT / "app.py"]
}
HEAVY = (
    "sklearn",
    "scipy",
    "torch",
    "transformers",
    "sentence_transformers",
    "pymilvus",
    "milvus_lite",
    "gradio",
    "openai",
)
ADAPTERS = (
    "rag.models.qwen3.embedding",
    "rag.models.qwen3.reranking",
    "rag.store",
    "rag.models.chat.openai_chat",
    "rag.models.offline",
    "rag.models.engine",
)
OWNERS = {
    "pymilvus": ("rag.store",),
    "milvus_lite": ("rag.store",),
    "gradio": ("rag.ui",),
    "openai": ("rag.models.chat.openai_chat",),
    "sklearn": ("rag.evidence.calibration",),
    "sentence_transformers": ("rag.models.qwen3.embedding", "rag.models.offline"),
}
"""Who may import a library at all, even inside a function."""
PURE = (
    "rag.citations.stream",
    "rag.citations.matching",
    "rag.citations.claims",
    "rag.citations.check",
    "rag.documents.chunking",
    "rag.retrieval.fusion",
    "rag.text.terms",
    "rag.citations.markers",
    "rag.answering.prompts",
    "rag.text.highlight",
    "rag.cli.report",
    "rag.retrieval.suggestions",
)


@cache
def imports(module: str, *, top_level: bool = False) -> frozenset[str]:
    """Absolute names of what a module imports, anywhere or at its top level alone."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    package = module.removesuffix(".__init__") if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
    nodes = tree.body if top_level else list(ast.walk(tree))
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            found |= {name} | {f"{name}.{alias.name}" for alias in node.names if f"{name}.{alias.name}" in MODULES}
    return frozenset(found)


def within(name: str, owners: tuple[str, ...]) -> bool:
    return any(name == owner or name.startswith(owner + ".") for owner in owners)


@pytest.mark.parametrize("library", OWNERS)
def test_a_library_is_imported_by_its_owner_alone(library: str) -> None:
    importers = {m for m in MODULES if any(within(i, (library,)) for i in imports(m))}
    assert importers, f"nobody imports {library}: correct this test"
    assert {m for m in importers if not within(m, OWNERS[library])} == set()


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_adapters_are_met_in_build_and_never_meet_each_other(adapter: str) -> None:
    others = tuple(a for a in ADAPTERS if a != adapter)
    own = [m for m in MODULES if within(m, (adapter,))]
    assert {m for m in own if any(within(i, others) for i in imports(m))} == set()
    users = {m for m in MODULES if not within(m, (adapter,)) and any(within(i, (adapter,)) for i in imports(m))}
    assert users <= {"rag.build", "rag.store.from_settings", "rag.models.loading", "rag.cli.doctor"}


def test_the_page_knows_neither_adapters_nor_build() -> None:
    for module in (m for m in MODULES if within(m, ("rag.ui",))):
        assert not any(
            within(i, (*ADAPTERS, "rag.build", "rag.store.from_settings", "rag.retrieval.retriever"))
            for i in imports(module)
        ), module


def test_nothing_but_the_app_imports_the_page() -> None:
    users = {m for m in MODULES if not within(m, ("rag.ui",)) and any(within(i, ("rag.ui",)) for i in imports(m))}
    assert users == {"app"}


@pytest.mark.parametrize("module", [m for m in MODULES if within(m, PURE)])
def test_pure_modules_import_no_adapter_no_network_and_no_heavy_library(module: str) -> None:
    forbidden = (*HEAVY, *ADAPTERS, "httpx", "requests", "socket", "sqlite3")
    assert {i for i in imports(module) if within(i, forbidden)} == set()


def test_types_know_no_library_but_numpy() -> None:
    outside = {i.partition(".")[0] for i in imports("rag.types")} - set(sys.stdlib_module_names) - {"rag"}
    assert outside == {"numpy"}


@pytest.mark.parametrize(
    "module",
    [
        "rag",
        "rag.types",
        "rag.settings",
        "rag.retrieval.retriever",
        "rag.answering.answerer",
        "rag.evidence.calibration",
        "rag.service",
        "rag.build",
        "rag.__main__",
    ],
)
def test_importing_loads_no_heavy_library(module: str) -> None:
    script = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
