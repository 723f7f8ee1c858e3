"""README, `.env.example`, handbook, Makefile and container files say what the code does."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from dotenv import dotenv_values

from rag.__main__ import parser
from rag.messages import LANGUAGES, Language
from rag.settings import Settings
from scripts import settings_docs

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
HANDBOOK = ROOT / "assets" / "handbook"
PAGES = sorted(HANDBOOK.glob("*/*.md"))
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "benchmarks" / "README.md", *PAGES]
README_LINES = 110
"""Two screens. What does not fit belongs to the handbook, CONTRIBUTING or benchmarks."""
NAMES = {spec.name for spec in Settings.SPECS.values()}
ELSEWHERE = {"HF_HOME", "HF_ENDPOINT", "RAG_REQUIRE_BROWSER", "MILVUS_TEST_URI", "MILVUS_TEST_REQUIRED"}
"""Variables of libraries and of the tests, which the documents may name."""
SETTING = re.compile(r"\b(?:RAG|MILVUS|OPENAI|HF)_[A-Z0-9_]+\b")


def fenced(text: str, language: str) -> list[str]:
    """The lines of all fenced blocks of a language."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def described(path: Path) -> Any:
    return pytest.param(path, id=str(path.relative_to(ROOT)))


# ---- settings -------------------------------------------------------------------------------------------------------


def test_env_example_is_that_of_the_code() -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == settings_docs.example(Settings()), "run `make docs`"


def test_env_example_uncommented_gives_the_defaults(tmp_path: Path) -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    written = tmp_path / ".env"
    written.write_text(re.sub(r"^# (?=[A-Z_]+=)", "", text, flags=re.MULTILINE), encoding="utf-8")
    values = {name: value or "" for name, value in dotenv_values(written, interpolate=False).items()}
    assert set(values) == NAMES
    assert Settings.from_env(values) == Settings()


@pytest.mark.parametrize("path", [described(p) for p in DOCUMENTS])
def test_every_variable_named_is_a_setting(path: Path) -> None:
    assert set(SETTING.findall(path.read_text(encoding="utf-8"))) <= NAMES | ELSEWHERE


# ---- commands -------------------------------------------------------------------------------------------------------


def commands() -> list[str]:
    """`python -m rag …` in the shell blocks of the documents, and in any of their text between backticks."""
    texts = [p.read_text(encoding="utf-8") for p in DOCUMENTS]
    quoted = [c for text in texts for c in re.findall(r"`(python -m rag [^`…]+)`", text)]
    lines = [line for text in texts for line in fenced(text, "sh") if re.match(r"python -m rag [^\\]*$", line)]
    return sorted(set(quoted + lines))


@pytest.mark.parametrize("command", [c for c in commands() if c != "python -m rag evaluate"])
def test_every_command_shown_is_understood(command: str) -> None:
    parser().parse_args(shlex.split(command)[3:])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_handbook_shows_every_command_of_the_command_line(language: Language) -> None:
    subcommands = next(a for a in parser()._actions if a.dest == "command").choices
    page = (HANDBOOK / language / "13-command-line.md").read_text(encoding="utf-8")
    shown = {shlex.split(c)[3] for c in re.findall(r"`(python -m rag [^`]+)`", page)}
    assert subcommands is not None
    assert shown == set(subcommands)


def test_the_readme_is_read_in_two_screens() -> None:
    assert len(README.splitlines()) <= README_LINES


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("path", [described(p) for p in [*DOCUMENTS, ROOT / ".ci" / "run"]])
def test_every_make_target_named_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert set(re.findall(r"(?:^|`)make ([a-z][a-z-]+)", text, re.MULTILINE)) <= make_targets()


def test_make_help_lists_every_target() -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^  make ([a-z-]+) ", shown, re.MULTILINE)) == make_targets()


def test_ci_runs_the_tests_as_the_readme_says() -> None:
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert "make test" in "\n".join(fenced(README, "sh"))
    assert run[-1] == "make --no-print-directory test", "the last command decides the exit code and the last line"


# ---- links, paths, the tree -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [described(p) for p in [*DOCUMENTS, ROOT / "CHANGELOG.md"]])
def test_relative_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", path.read_text(encoding="utf-8"))
    assert [t for t in targets if not (path.parent / t).exists()] == []


def test_contributing_says_of_every_room_what_lives_there() -> None:
    table = re.findall(r"^\| `(\w+)/` \|", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(table) == sorted(p.parent.name for p in (ROOT / "rag").glob("*/__init__.py"))


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode or not listed.stdout:
        pytest.skip("not a git repository with files")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


NAMED = re.compile(r"(?<![\w./-])((?:rag|tests|assets)/[\w/.*-]*[\w/])")
"""A path of the project in prose, in a comment or in code; `*` stands for a name of any kind."""


def test_every_path_named_is_there() -> None:
    written = [p for p in tracked() if p.suffix in (".py", ".md", ".yaml", ".toml", ".js") or p.name == "Makefile"]
    past = {ROOT / "CHANGELOG.md"}
    named = {(p, path) for p in set(written) - past for path in NAMED.findall(p.read_text(encoding="utf-8"))}
    assert [(str(p.relative_to(ROOT)), path) for p, path in named if not any(ROOT.glob(path.rstrip("/")))] == []


def test_no_file_names_a_place_on_the_machine_it_was_written_on() -> None:
    place = re.compile(rb"(?<![\w.])/(?:root|home/\w+|Users/\w+)/\w")
    assert [p for p in tracked() if p != Path(__file__) and place.search(p.read_bytes())] == []


# ---- handbook -------------------------------------------------------------------------------------------------------


def headings(path: Path) -> list[int]:
    """The levels of a page's headings, in order."""
    outside = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [len(level) for level in re.findall(r"^(#+) ", outside, re.MULTILINE)]


def test_the_handbook_has_the_same_pages_in_every_language() -> None:
    names = {language: [p.name for p in PAGES if p.parent.name == language] for language in LANGUAGES}
    assert names == dict.fromkeys(LANGUAGES, names["en"])
    assert len(names["en"]) >= 10


@pytest.mark.parametrize("page", [p.name for p in PAGES if p.parent.name == "en"])
def test_a_page_and_its_translation_have_the_same_sections_and_terms(page: str) -> None:
    en, *others = (HANDBOOK / language / page for language in LANGUAGES)
    assert all(headings(other) == headings(en) for other in others)

    def terms(path: Path) -> list[str]:
        return sorted(re.findall(r"`([^`]+)`", path.read_text(encoding="utf-8")))

    assert all(set(terms(other)) == set(terms(en)) for other in others)


S = Settings()
R = S.retrieval
STATED = [
    ("02-documents.md", f"{S.max_file_mb:g} MB (`RAG_MAX_FILE_MB`)", f"{S.max_file_mb:g} MB（`RAG_MAX_FILE_MB`）"),
    ("02-documents.md", f"{S.max_files} files (`RAG_MAX_FILES`)", f"{S.max_files} 个文件（`RAG_MAX_FILES`）"),
    ("02-documents.md", f"{S.max_total_mb:g} MB in all", f"{S.max_total_mb:g} MB（`RAG_MAX_TOTAL_MB`）"),
    ("02-documents.md", f"at most {S.chunk_tokens} tokens", f"最多 {S.chunk_tokens} 个词元"),
    ("02-documents.md", f"by {S.chunk_overlap} tokens (`RAG_CHUNK_OVERLAP`)", f"重叠 {S.chunk_overlap} 个词元"),
    ("04-evidence.md", f"1 / ({S.rrf_k} + r)", f"1 / ({S.rrf_k} + r)"),
    ("05-settings.md", f"The default is {R.candidates}, the range", f"默认 {R.candidates}，范围"),
    ("05-settings.md", f"The default is {R.contexts}.", f"默认 {R.contexts}。"),
    ("05-settings.md", f"at most {S.context_tokens} tokens", f"最多 {S.context_tokens} 个词元"),
    ("05-settings.md", R.instruction, R.instruction),
    ("06-models.md", f"`{S.openai_model}`", f"`{S.openai_model}`"),
    ("07-milvus.md", f"{S.milvus_timeout:g} seconds", f"{S.milvus_timeout:g} 秒"),
    ("07-milvus.md", f"`MILVUS_HNSW_M` ({S.hnsw_m})", f"`MILVUS_HNSW_M`（{S.hnsw_m}）"),
    ("07-milvus.md", f"`MILVUS_HNSW_EF` ({S.hnsw_ef})", f"`MILVUS_HNSW_EF`（{S.hnsw_ef}）"),
    ("10-troubleshooting.md", f"{S.openai_retries} times by default", f"默认 {S.openai_retries} 次"),
    ("10-troubleshooting.md", f"port {S.port}", f"端口 {S.port}"),
    ("11-two-stage-retrieval.md", f"the candidates, {R.candidates} by default", f"默认 {R.candidates} 个"),
]


@pytest.mark.parametrize(("page", "en", "zh"), STATED)
def test_the_handbook_states_the_defaults_of_the_settings(page: str, en: str, zh: str) -> None:
    assert en in (HANDBOOK / "en" / page).read_text(encoding="utf-8")
    assert zh in (HANDBOOK / "zh" / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_short_questions_to_try_in_both_languages(language: Language) -> None:
    rows = tomllib.loads((HANDBOOK / language / "questions.toml").read_text(encoding="utf-8"))["question"]
    assert len({row["text"] for row in rows}) == len(rows) >= 4
    assert all(len(row["text"]) <= 80 and (HANDBOOK / language / row["page"]).exists() for row in rows)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_handbook_answers_its_questions_to_try_and_does_not_quote_them(language: Language) -> None:
    """A page that quotes a question is found before the page that answers it."""
    rows = tomllib.loads((HANDBOOK / language / "questions.toml").read_text(encoding="utf-8"))["question"]
    pages = {page.name: page.read_text(encoding="utf-8") for page in sorted((HANDBOOK / language).glob("*.md"))}
    quoted = [(row["text"], name) for row in rows for name, text in pages.items() if row["text"] in text]
    assert quoted == []


# ---- container ------------------------------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    """(word, rest) of each Dockerfile instruction, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in text.splitlines() if line.strip()]


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return loaded


def test_what_the_image_copies_exists_and_is_let_into_the_build() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = [source for word, rest in instructions() if word == "COPY" for source in rest.split()[:-1]]
    assert sorted(copied) == ["app.py", "assets", "rag", "requirements.txt"]
    assert ignored[1] == "*"
    assert {f"!{source}" for source in copied} == {line for line in ignored if line.startswith("!")}
    assert all((ROOT / source).exists() for source in copied)


def test_the_image_runs_without_rights_and_says_whether_it_is_well() -> None:
    words = [word for word, _ in instructions()]
    users = [rest for word, rest in instructions() if word == "USER"]
    assert users == ["10001"]
    assert words.index("USER") < words.index("HEALTHCHECK") < words.index("CMD")
    (check,) = [rest for word, rest in instructions() if word == "HEALTHCHECK"]
    command = json.loads(check[check.index("CMD ") + 4 :])
    compile(command[2], "HEALTHCHECK", "exec")
    assert f"127.0.0.1:{S.port}/" in command[2]


def test_the_image_compiles_our_code_once_and_not_at_each_start() -> None:
    after = [rest for word, rest in instructions() if word in ("COPY", "RUN", "USER")]
    compiled = after.index("python -m compileall -q rag")
    assert after.index("rag rag/") < compiled < after.index("10001")


def test_the_image_keeps_what_must_stay_in_its_volumes() -> None:
    volumes = [json.loads(rest) for word, rest in instructions() if word == "VOLUME"]
    env = dict(re.findall(r"(\w+)=(\S+)", " ".join(rest for word, rest in instructions() if word == "ENV")))
    assert volumes == [[env["RAG_DATA_DIR"], env["HF_HOME"]]]
    assert {n for n in env if n.startswith(("RAG_", "MILVUS_", "OPENAI_"))} <= NAMES


def test_the_image_has_the_python_the_app_needs() -> None:
    (base,) = [rest for word, rest in instructions() if word == "FROM"]
    version = re.match(r"python:(\d+)\.(\d+)-slim", base)
    assert version
    assert (int(version[1]), int(version[2])) >= (3, 11)


@pytest.mark.parametrize("name", ["app", "app-milvus"])
def test_a_compose_app_has_known_settings_and_no_secret(name: str) -> None:
    app = compose()["services"][name]
    Settings.from_env(app["environment"])
    assert set(app["environment"]) <= NAMES
    assert not {"MILVUS_TOKEN", "OPENAI_API_KEY"} & set(app["environment"])
    assert app["ports"] == [f"127.0.0.1:{S.port}:{S.port}"]
    assert {v.split(":")[1] for v in app["volumes"]} == {"/data", "/models"}


def test_compose_services_of_a_profile_find_each_other() -> None:
    services, volumes = compose()["services"], compose()["volumes"]
    for name, service in services.items():
        for needed in service.get("depends_on", {}):
            assert set(service["profiles"]) <= set(services[needed]["profiles"]), f"{name} needs {needed}"
            assert "healthcheck" in services[needed]
        assert {v.split(":")[0] for v in service["volumes"]} <= set(volumes)
        assert "build" in service or re.search(r":.*\d", service["image"]), f"{name} must be pinned"
    host = re.fullmatch(r"http://([\w-]+):19530", services["app-milvus"]["environment"]["MILVUS_URI"])
    assert host
    assert host[1] in services
