"""Quotes of a passage as a reader reads it: a row as a sentence, words without markup; spans are in the source."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.citations.check import check
from rag.citations.matching import MISSING, SearchableText
from rag.ledger import Match, Support
from rag.types import Chunk
from tests.support.evidence import candidate
from tests.support.markdown_texts import ANY

HEAD = "| Station | Max load (kg) | Inspection interval (months) |\n|---|---:|---:|"
ROWS = "| Umber | 240 | 3 |\n| Willow | 254 | 5 |\n"


def chunk_of(text: str, lead: str = "") -> Chunk:
    return Chunk(0, 0, len(text), (), text, 1, lead)


@pytest.mark.parametrize(
    ("chunk", "words", "standing"),
    [
        pytest.param(chunk_of(ROWS, HEAD), "Willow: Max load 254 kg", "Willow | 254", id="a row of a cut table"),
        pytest.param(chunk_of(f"{HEAD}\n{ROWS}"), "Inspection interval 5 months", "5", id="a row of a whole table"),
        pytest.param(
            chunk_of(ROWS, HEAD), "Willow: Inspection interval 5 months", "Willow | 254 | 5", id="cells left out"
        ),
        pytest.param(chunk_of(ROWS, HEAD), "Willow | 254 | 5", "Willow | 254 | 5", id="as it is typed"),
        pytest.param(
            chunk_of("a <b>bold</b> word &amp; more"), "bold word & more", "bold</b> word &amp; more", id="HTML"
        ),
        pytest.param(chunk_of("one<br>two"), "one two", "one<br>two", id="a line break of HTML"),
        pytest.param(
            chunk_of("See [the *long* guide](https://example.com/a_(b)) now."),
            "the long guide now",
            "the *long* guide](https://example.com/a_(b)) now",
            id="a link",
        ),
    ],
)
def test_words_of_the_reading_text_stand_in_the_source(chunk: Chunk, words: str, standing: str) -> None:
    found = SearchableText.of(chunk).look_up(words)
    assert found.match is Match.EXACT
    assert chunk.text[found.start : found.end] == standing


def test_a_row_that_says_something_else_is_missing() -> None:
    passage = SearchableText.of(chunk_of(ROWS, HEAD))
    assert passage.look_up("Willow: Max load 240 kg").match is not Match.EXACT
    assert passage.look_up("Umber: Inspection interval 5 months") is MISSING


def test_words_of_the_head_alone_stand_in_what_opens_the_passage() -> None:
    found = SearchableText.of(chunk_of(ROWS, HEAD)).look_up("Station | Max load (kg)")
    assert (found.match, found.start, found.end) == (Match.EXACT, 0, 0)


def test_an_answer_that_quotes_a_row_is_word_for_word() -> None:
    one = candidate(ROWS, number=1)
    cut = replace(one, stored=replace(one.stored, chunk=chunk_of(ROWS, HEAD)))
    checked = check("Willow: Max load 254 kg; Inspection interval 5 months [1]", (), [cut])
    assert [claim.support for claim in checked.claims] == [Support.QUOTED]
    (quote,) = checked.quotes
    assert ROWS[quote.start : quote.end] == "Willow | 254 | 5"


@given(ANY, st.data())
def test_every_word_of_the_reading_text_is_found_within_the_source(text: str, data: st.DataObject) -> None:
    chunk = chunk_of(text)
    read = chunk.reading.text
    start = data.draw(st.integers(0, len(read)))
    words = read[start : data.draw(st.integers(start, len(read)))]
    found = SearchableText.of(chunk).exactly(words)
    if found:
        assert 0 <= found.start <= found.end <= len(text)


@given(ANY, st.data())
def test_what_is_found_in_the_source_is_found_as_before(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    words = text[start : data.draw(st.integers(start, len(text)))]
    alone = SearchableText(text).exactly(words)
    if alone:
        assert SearchableText.of(chunk_of(text)).exactly(words) == alone
