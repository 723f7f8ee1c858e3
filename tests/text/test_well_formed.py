"""Texts that cannot be kept, made so that they can."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.database import Database
from rag.documents.chunking import described
from rag.errors import SettingsError
from rag.evaluation.dataset import read_questions
from rag.messages import reason
from rag.settings import Settings
from rag.text.well_formed import WellFormed, encodable, well_formed
from rag.ui.handlers.visitor import records_in, text_in, texts_in

anything = st.text(st.characters(exclude_categories=()), max_size=30)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("Grüße, 为什么 \U0001f600\t\r\n", "Grüße, 为什么 \U0001f600\t\r\n", id="well as it is"),
        pytest.param("a\ud800b", "a\ufffdb", id="a lone half"),
        pytest.param("\ud83d\ude00", "\U0001f600", id="two halves"),
        pytest.param("a\0\x1b[31m", "a\ufffd\ufffd[31m", id="controls"),
        pytest.param("\u200f\u202eabc", "\u200f\u202eabc", id="direction marks are some scripts' own"),
    ],
)
def test_what_cannot_be_kept_is_replaced(text: str, kept: str) -> None:
    assert well_formed(text) == kept


@given(anything)
def test_every_text_can_then_be_written_everywhere(text: str) -> None:
    mended = well_formed(text)
    assert well_formed(mended) == mended
    assert json.loads(json.dumps(mended, ensure_ascii=False).encode()) == mended
    with sqlite3.connect(":memory:") as db:
        assert db.execute("SELECT ? || ''", (mended,)).fetchone() == (mended,)
    db.close()


@given(anything)
def test_cut_into_deltas_it_is_the_same(text: str) -> None:
    stream = WellFormed()
    assert "".join(map(stream.feed, text)) + stream.flush() == well_formed(text)


def test_what_a_browser_sends_is_mended_where_it_is_read() -> None:
    event: Any = SimpleNamespace(name="a\ud800", names=["\udfff"], marks=[{"label": "\0", "number": 1}])
    assert text_in(event, "name") == "a\ufffd"
    assert texts_in(event, "names", 9) == ["\ufffd"]
    assert records_in(event, "marks", 9) == [{"label": "\ufffd", "number": 1}]


@given(anything)
def test_only_what_no_encoding_holds_is_replaced_in_what_is_kept(text: str) -> None:
    assert encodable(text).encode().decode() == encodable(text)
    assert text == encodable(text) or any("\ud800" <= character <= "\udfff" for character in text)


def test_a_reason_names_any_value_in_a_way_that_can_be_shown() -> None:
    assert str(reason("library.none", name="a\ud800\x1b[2J")) == str(reason("library.none", name="a\ufffd\ufffd[2J"))


def test_what_is_kept_and_looked_up_may_hold_anything(tmp_path: Path) -> None:
    database = Database(tmp_path / "kept.db")
    database.use("test", ("CREATE TABLE kept (name TEXT PRIMARY KEY) STRICT",))
    with database.write() as db:
        db.execute("INSERT INTO kept VALUES (?)", ("a\ud800",))
        db.executemany("INSERT INTO kept VALUES (?)", [("b\udfff",), ("\ud83d\ude00",)])
    assert database.read("SELECT name FROM kept WHERE name = ?", ("a\udfff",)) == [("a\ufffd",)]
    assert database.read("SELECT name FROM kept ORDER BY name") == [("a\ufffd",), ("b\ufffd",), ("\U0001f600",)]
    database.close()


def test_a_setting_that_is_no_text_is_named() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({"OPENAI_MODEL": "caf\udce9"})
    assert caught.value.reason == reason("settings.no_text", name="OPENAI_MODEL")


@pytest.mark.parametrize(
    "document",
    ['---\ntitle: "a\\ud800"\ntags: ["b\\udfff"]\n---\n', '{"title": "a\\ud800", "tags": ["b\\udfff"]}\n'],
)
def test_what_a_document_says_of_itself_in_escapes(document: str) -> None:
    title, facts = described(document, fallback="")
    assert (title, facts.tags) == ("a\ufffd", ("b\ufffd",))


def test_a_question_of_a_file_in_escapes(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text('{"qid": "\\ud800", "query": "what is \\udfff?", "relevant": ["\\ud800.md"]}\n')
    (question,) = read_questions(path)
    assert "\ufffd" in question.text and all(str(part).encode() for part in (question.id, *question.relevant))
