"""Settings: every row of the table is a sentence of the specification."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import SettingsError
from rag.messages import reason
from rag.options import INSTRUCTION
from rag.settings import Settings, unknown
from rag.settings.environment import Secret, environment
from rag.types import Mode, RetrievalOptions


def test_nothing_set_gives_the_defaults() -> None:
    assert Settings.from_env({}) == Settings()


def test_an_empty_value_means_the_default() -> None:
    assert Settings.from_env({"RAG_PORT": " ", "OPENAI_API_KEY": ""}) == Settings()


@pytest.mark.parametrize(
    ("env", "error"),
    [
        pytest.param(
            {"RAG_PORT": "x"},
            reason("settings.whole_number", name="RAG_PORT", value="x", low=1, high=65535),
            id="not a number",
        ),
        pytest.param(
            {"RAG_PORT": "7.5"},
            reason("settings.whole_number", name="RAG_PORT", value="7.5", low=1, high=65535),
            id="not whole",
        ),
        pytest.param(
            {"RAG_PORT": "0"}, reason("settings.range", name="RAG_PORT", value="0", low=1, high=65535), id="too small"
        ),
        pytest.param(
            {"RAG_THRESHOLD": "1.01"},
            reason("settings.range", name="RAG_THRESHOLD", value="1.01", low=0.0, high=1.0),
            id="too large",
        ),
        pytest.param(
            {"RAG_THRESHOLD": "nan"},
            reason("settings.range", name="RAG_THRESHOLD", value="nan", low=0.0, high=1.0),
            id="nan is in no range",
        ),
        pytest.param(
            {"RAG_MODE": "Hybrid"},
            reason("settings.choice", name="RAG_MODE", value="Hybrid", allowed="dense, full_text, hybrid"),
            id="not a choice",
        ),
        pytest.param(
            {"RAG_TRUSTED_PROXIES": "10.0.0.0/8, proxy.lan"},
            reason("settings.network", name="RAG_TRUSTED_PROXIES", value="proxy.lan"),
            id="no network",
        ),
        pytest.param(
            {"RAG_ROOT_PATH": "https://docs.example/rag"},
            reason("settings.path", name="RAG_ROOT_PATH", value="https://docs.example/rag"),
            id="no path",
        ),
        pytest.param(
            {"RAG_ROOT_PATH": "/a/../b"}, reason("settings.path", name="RAG_ROOT_PATH", value="/a/../b"), id="a way up"
        ),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(env: dict[str, str], error: object) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(env)
    assert caught.value.reason == error
    assert str(next(iter(env))) in str(caught.value)


SHAPED = {"trusted_proxies": ("10.0.0.0/8, ::1", "127.0.0.1"), "root_path": ("/docs", "docs/rag/", "/")}


def _valid(name: str) -> st.SearchStrategy[str]:
    spec, default = Settings.SPECS[name], Settings().value(name)
    if spec.choices or spec.shape:
        return st.sampled_from(spec.choices or SHAPED[name])
    if isinstance(default, int):
        return st.integers(int(spec.low or 0), int(spec.high or 0)).map(str)
    if isinstance(default, float):
        return st.floats(spec.low, spec.high).map(str)
    return st.text(st.characters(categories=("L", "N", "P")), min_size=1, max_size=20)


@given(st.fixed_dictionaries({}, optional={spec.name: _valid(field) for field, spec in Settings.SPECS.items()}))
def test_settings_to_environment_and_back_is_the_identity(env: dict[str, str]) -> None:
    settings = Settings.from_env(env)
    assert Settings.from_env(settings.to_env()) == settings


def test_names_that_look_like_ours_are_reported() -> None:
    names = ["RAG_PROT", "RAG_ZZZ", "RAG_PORT", "OPENAI_ORG_ID", "MILVUS_LITE_MEMTABLE", "PATH"]
    assert unknown(names) == [
        reason("settings.unknown_near", name="RAG_PROT", near="RAG_PORT"),
        reason("settings.unknown", name="RAG_ZZZ"),
    ]


def test_secrets_never_show() -> None:
    settings = Settings.from_env({"OPENAI_API_KEY": "sk-hidden", "MILVUS_TOKEN": "root:hidden"})
    shown = (
        f"{settings} {settings!r} {settings.openai_api_key} {settings.openai_api_key!r} {settings.openai_api_key:>9}"
    )
    assert "hidden" not in shown
    assert settings.openai_api_key.reveal() == "sk-hidden"
    assert str(Secret("")) == "" and repr(Secret("")) == "''"


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("RAG_PORT=1\nRAG_HOST=0.0.0.0\nRAG_EMPTY\n", encoding="utf-8")
    monkeypatch.setenv("RAG_PORT", "2")
    env = environment(tmp_path)
    assert (env["RAG_PORT"], env["RAG_HOST"]) == ("2", "0.0.0.0")
    assert "RAG_EMPTY" not in env


def test_retrieval_defaults_come_from_the_settings() -> None:
    settings = Settings.from_env(
        {"RAG_MODE": "dense", "RAG_CANDIDATES": "50", "RAG_CONTEXTS": "3", "RAG_THRESHOLD": "0.5"}
    )
    assert settings.retrieval == RetrievalOptions(Mode.DENSE, 50, 3, 0.5, INSTRUCTION)


def test_milvus_lives_in_the_data_folder_unless_told_otherwise() -> None:
    assert Settings.from_env({"RAG_DATA_DIR": "d"}).uri == "d/milvus.db"
    assert Settings.from_env({"MILVUS_URI": "http://m:19530"}).uri == "http://m:19530"
