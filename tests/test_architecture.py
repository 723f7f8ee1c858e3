"""The structure, proved from the code: who may import whom, and that importing the package costs nothing."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict
from functools import cache
from string import Formatter

import pytest

from tests import ROOT

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
FOUNDATION = (
    "rag",
    "rag.types",
    "rag.errors",
    "rag.messages",
    "rag.events",
    "rag.status",
    "rag.options",
    "rag.settings",
    "rag.protocols",
    "rag.ledger",
    "rag.database",
    "rag.private_files",
)
"""What everybody may know."""
ROOMS = sorted(p.parent.name for p in ROOT.glob("rag/*/__init__.py") if f"rag.{p.parent.name}" not in FOUNDATION)
OPENERS = ("rag.build", "rag.data_folder")
ASSEMBLY = ("rag.runtime", *OPENERS, "rag.__main__")
"""When the product can do what, and of which parts."""
ADAPTERS = (
    "rag.models.qwen3.embedding",
    "rag.models.qwen3.reranking",
    "rag.models.chat.openai_chat",
    "rag.models.offline",
    "rag.models.engine",
    "rag.store",
)
OWNERS = {
    "pymilvus": ("rag.store",),
    "milvus_lite": ("rag.store",),
    "gradio": ("rag.ui",),
    "openai": ("rag.models.chat",),
    "markupsafe": ("rag.ui",),
    "sklearn": ("rag.evidence.calibration",),
    "sentence_transformers": ("rag.models.qwen3", "rag.models.offline"),
    "markitdown": ("rag.documents.convert",),
    "pdfminer": ("rag.documents.convert",),
    "watchfiles": ("rag.knowledge.folder_watch",),
    "ir_measures": ("rag.evaluation",),
    "sqlite3": ("rag.database", "rag.knowledge", "rag.evidence", "rag.models.score_cache"),
}
"""Who may import a library at all, even inside a function."""
PURE = (
    "rag.text",
    "rag.citations",
    "rag.documents.chunking",
    "rag.retrieval.fusion",
    "rag.retrieval.names",
    "rag.retrieval.selection",
    "rag.retrieval.suggestions",
    "rag.answering.prompts",
    "rag.cli.report",
)


@cache
def imports(module: str) -> frozenset[str]:
    """Absolute names of what a module imports, anywhere in it."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    package = module.removesuffix(".__init__") if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            found |= {name} | {f"{name}.{alias.name}" for alias in node.names if f"{name}.{alias.name}" in MODULES}
    return frozenset(found)


def within(name: str, owners: tuple[str, ...]) -> bool:
    return any(name == owner or name.startswith(owner + ".") for owner in owners)


def room(name: str) -> str:
    """The package a module of `rag` lives in; "" for those at its root."""
    return next((each for each in ROOMS if within(name, (f"rag.{each}",))), "")


@cache
def arrows() -> dict[str, set[str]]:
    """Room -> the rooms it imports from."""
    found: dict[str, set[str]] = defaultdict(set)
    for module in MODULES:
        if own := room(module):
            found[own] |= {room(i) for i in imports(module)} - {own, ""}
    return found


@cache
def drawn() -> dict[str, set[str]]:
    """The arrows of the picture in CONTRIBUTING."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    picture = text.partition("```mermaid")[2].partition("```")[0]
    found: dict[str, set[str]] = defaultdict(set)
    for line in picture.splitlines():
        if match := re.fullmatch(r"\s*(\w+(?: & \w+)*) --> (\w+(?: & \w+)*)", line):
            for source in match[1].split(" & "):
                found[source] |= set(match[2].split(" & "))
    return found


def test_the_picture_shows_every_room() -> None:
    assert {r for source, targets in drawn().items() for r in (source, *targets)} - {"app", "build"} == set(ROOMS)


def below(name: str) -> set[str]:
    """The rooms an arrow of the picture leads to from this one, directly or by others."""
    near = drawn()[name] & set(ROOMS)
    return near.union(*(below(other) for other in near))


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_imports_only_what_the_picture_puts_below_it(name: str) -> None:
    assert arrows()[name] - below(name) == set()


@pytest.mark.parametrize("name", ROOMS)
def test_every_arrow_of_the_picture_is_there(name: str) -> None:
    assert drawn()[name] & set(ROOMS) - arrows()[name] == set()


def test_no_two_rooms_need_each_other() -> None:
    left = {name: set(targets) for name, targets in arrows().items()}
    while free := {name for name, targets in left.items() if not targets & set(left)}:
        left = {name: targets for name, targets in left.items() if name not in free}
    assert left == {}


def test_the_foundation_stands_on_text_alone() -> None:
    for module in (m for m in MODULES if within(m, FOUNDATION[1:])):
        needed = {i for i in imports(module) if within(i, ("rag",))}
        assert {i for i in needed if not within(i, ("rag.text", *FOUNDATION[1:])) and i != "rag"} == set(), module


def test_every_file_at_the_root_is_known() -> None:
    at_root = {
        ".".join(m.removesuffix(".__init__").split(".")[:2]) for m in MODULES if m.startswith("rag") and not room(m)
    }
    assert at_root == {*FOUNDATION, *ASSEMBLY}


def test_every_room_says_what_lives_there() -> None:
    for name, path in MODULES.items():
        if name.endswith(".__init__"):
            assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), name


def test_no_class_name_is_used_twice() -> None:
    places: dict[str, set[str]] = defaultdict(set)
    for module, path in MODULES.items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].add(module)
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


@pytest.mark.parametrize("library", OWNERS)
def test_a_library_is_imported_by_its_owner_alone(library: str) -> None:
    importers = {m for m in MODULES if any(within(i, (library,)) for i in imports(m))}
    assert importers, f"nobody imports {library}: correct this test"
    assert {m for m in importers if not within(m, OWNERS[library])} == set()


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_adapters_are_met_in_build_and_never_meet_each_other(adapter: str) -> None:
    others = tuple(a for a in ADAPTERS if a != adapter and not within(a, (adapter,)))
    own = [m for m in MODULES if within(m, (adapter,))]
    assert own, f"{adapter} is not there: correct this test"
    assert {m for m in own if any(within(i, others) for i in imports(m))} == set()
    users = {m for m in MODULES if not within(m, (adapter,)) and any(within(i, (adapter,)) for i in imports(m))}
    assert {
        m for m in users if m not in ("rag.build", "rag.data_folder", "rag.models.loading") and room(m) != "cli"
    } == set()


def test_the_page_knows_neither_the_command_line_nor_build() -> None:
    for module in (m for m in MODULES if within(m, ("rag.ui",))):
        assert not any(within(i, (*ADAPTERS, *OPENERS, "rag.cli", "rag.models")) for i in imports(module)), module


def test_nothing_but_the_app_imports_the_page() -> None:
    users = {m for m in MODULES if not within(m, ("rag.ui",)) and any(within(i, ("rag.ui",)) for i in imports(m))}
    assert users == {"app"}


@pytest.mark.parametrize("module", [m for m in MODULES if within(m, PURE)])
def test_pure_modules_import_no_adapter_no_network_and_no_heavy_library(module: str) -> None:
    forbidden = (*HEAVY, *ADAPTERS, "httpx", "requests", "socket", "sqlite3")
    assert {i for i in imports(module) if within(i, forbidden)} == set()


def test_types_know_no_library_but_numpy() -> None:
    own = [module for module in MODULES if within(module, ("rag.types",))]
    outside = {i.partition(".")[0] for m in own for i in imports(m)} - set(sys.stdlib_module_names) - {"rag"}
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


TAG = re.compile(r"</?[a-zA-Z!]|=\"")
"""What only HTML holds: a tag, or an attribute with its value."""
TRUSTED = {
    ("rag.ui.html.markdown", "parser.renderer.render(tokens, parser.options, env)"),
    ("rag.ui.html.reading.document", "renderer.render(block.tokens, options, env)"),
    ("rag.ui.html.evidence.bundle", "STYLE.read_text(encoding='utf-8')"),
    ("rag.ui.html.evidence.bundle", "PLACE"),
}
"""What becomes HTML although nobody wrote it down as such: Markdown that was rendered, and our own files."""


def calls(tree: ast.AST, *names: str) -> list[ast.Call]:
    found = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [call for call in found if isinstance(call.func, ast.Name) and call.func.id in names]


def literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def places(written: str) -> tuple[int, set[str]]:
    """Number of places without a name in a piece of HTML, and the names of the others."""
    names = [name for _, name, _, _ in Formatter().parse(written) if name is not None]
    return names.count(""), {name for name in names if name}


@pytest.mark.parametrize("module", [m for m in MODULES if within(m, ("rag.ui",))])
def test_html_is_written_down_and_never_glued(module: str) -> None:
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    patterns = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == "re.compile"]
    arguments = [arg for call in (*calls(tree, "html", "Markup"), *patterns) for arg in call.args]
    allowed = {id(node) for arg in arguments for node in ast.walk(arg)}
    allowed |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    texts = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    assert [(n.lineno, n.value) for n in texts if TAG.search(str(n.value)) and id(n) not in allowed] == []


@pytest.mark.parametrize("module", [m for m in MODULES if within(m, ("rag.ui",))])
def test_nothing_is_called_html_but_what_was_written_down(module: str) -> None:
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    made = [ast.unparse(arg) for call in calls(tree, "Markup") for arg in call.args if not literal(arg)]
    assert {(module, each) for each in made} <= TRUSTED
    if module != "rag.ui.html.markup":
        assert [call.lineno for call in calls(tree, "html") if not literal(call.args[0])] == []
        names = {getattr(node, "attr", getattr(node, "name", "")) for node in ast.walk(tree)}
        assert not names & {"__html__", "__new__"}, "another way to HTML"


@pytest.mark.parametrize("module", [m for m in MODULES if within(m, ("rag.ui",))])
def test_every_place_in_html_is_given_its_value(module: str) -> None:
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and (made := calls(node.func, "html")) and made[0] is node.func:
            unnamed, named = places(ast.literal_eval(made[0].args[0]))
            if not any(isinstance(arg, ast.Starred) for arg in node.args):
                assert len(node.args) == unnamed, node.lineno
            assert {keyword.arg for keyword in node.keywords} == named, node.lineno


def test_every_component_with_html_refuses_text() -> None:
    sources = {m: MODULES[m].read_text(encoding="utf-8") for m in MODULES if within(m, ("rag.ui",))}
    assert {m: source.count("gr.HTML(") for m, source in sources.items() if "gr.HTML(" in source} == {
        "rag.ui.layout": 1
    }
    assert "postprocess = known_safe" in sources["rag.ui.layout"]
