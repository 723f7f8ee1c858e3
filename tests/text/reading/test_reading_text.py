"""The values of a reading text: what they hold, and what they take in memory."""

from __future__ import annotations

import tracemalloc

import pytest

from rag.text import reading as package
from rag.text.reading import reading
from rag.text.reading.reading_text import ReadingText

PIECES = {
    "prose": "The pump starts at 85 degrees. ",
    "blocks": "# a\n",
    "entities": "&amp;",
    "rows": "|a|b|\n|-|-|\n|c|d|\n\n",
}


def read_anew(text: str) -> ReadingText:
    reading.cache_clear()
    return reading(text)


@pytest.mark.parametrize("piece", PIECES.values(), ids=PIECES)
def test_the_size_of_a_reading_is_about_what_it_takes(piece: str) -> None:
    text = piece * (20_000 // len(piece))
    read_anew(text)
    reading.cache_clear()
    tracemalloc.start()
    try:
        read = reading(text)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held / 2 < read.size < 2 * held


def test_readings_are_remembered_by_their_size() -> None:
    reading.cache_clear()
    for number in range(8):
        reading(f"{number}\n" + "# a\n" * 20_000)
    held = [read.size for read in reading.cache.values()]
    assert 0 < len(held) < 8 and sum(held) <= package.KEPT_BYTES


def test_origins_are_those_that_were_packed() -> None:
    read = read_anew("**bold** &amp; more")
    assert "".join("**bold** &amp; more"[origin] for origin in read.origins) == read.text
    assert read.source_span(0, len(read.text)) == (0, 19)
