"""Texts that cannot be kept, made so that they can."""

from __future__ import annotations

import json
import sqlite3
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.well_formed import WellFormed, well_formed
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
