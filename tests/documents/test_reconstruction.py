"""Documents put together from their chunks: the text is the one that was cut, blanks between chunks aside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.documents.chunking import ChunkLimits, chunk
from rag.documents.reconstruction import own_spans, parts, stretches
from rag.types import Chunk
from tests import DATA
from tests.support.examples import examples
from tests.support.markdown_texts import ANY, count_tokens

CORPUS = DATA / "corpus"

many = examples(300)


def cut(text: str, *, limit: int = 40, overlap: int = 0) -> list[Chunk]:
    return chunk(text, count_tokens=count_tokens, limits=ChunkLimits(max_tokens=limit, overlap_tokens=overlap))


def without_blanks(text: str) -> str:
    return "".join(text.split()).replace("\ufeff", "")


@many
@given(ANY, st.integers(2, 60), st.integers(0, 30))
def test_the_text_is_the_one_that_was_cut_with_every_chunk_at_its_offsets(text: str, limit: int, overlap: int) -> None:
    chunks = cut(text, limit=limit, overlap=min(overlap, limit // 2))
    found = stretches(chunks)
    assert len(found) == bool(chunks)
    for stretch in found:
        for each in chunks:
            assert stretch.text[each.start - stretch.start : each.end - stretch.start] == each.text
        original = text[stretch.start : stretch.end]
        assert len(stretch.text) == len(original) == stretch.end - stretch.start
        assert all(a == b or (a.isspace() or a == "\ufeff") for a, b in zip(original, stretch.text, strict=True))
        assert without_blanks(stretch.text) == without_blanks(original)


@many
@given(ANY, st.integers(2, 40), st.sets(st.integers(0, 30)))
def test_where_chunks_are_missing_another_stretch_begins(text: str, limit: int, missing: set[int]) -> None:
    chunks = [each for each in cut(text, limit=limit) if each.index not in missing]
    found = stretches(chunks)
    assert [each for stretch in found for each in stretch.chunks] == chunks
    for stretch in found:
        first, last = stretch.chunks[0].index, stretch.chunks[-1].index
        assert [each.index for each in stretch.chunks] == list(range(first, last + 1))
        assert without_blanks(stretch.text) == without_blanks(text[stretch.start : stretch.end])


@many
@given(ANY, st.integers(2, 60), st.integers(0, 30))
def test_own_spans_part_the_text(text: str, limit: int, overlap: int) -> None:
    chunks = cut(text, limit=limit, overlap=min(overlap, limit // 2))
    reached = 0
    for each, (start, end) in zip(chunks, own_spans(chunks), strict=True):
        assert each.start <= start < end == each.end
        assert start >= reached
        assert text[reached:start].strip("\ufeff \t\n\r\x0b\x0c\x1c\u2028\u3000").strip() == ""
        reached = end


@many
@given(ANY, st.integers(2, 40), st.integers(1, 300))
def test_parts_hold_every_chunk_once_and_no_more_than_they_may(text: str, limit: int, most: int) -> None:
    chunks = cut(text, limit=limit)
    found = parts(chunks, most=most)
    assert [each for part in found for each in part] == chunks
    assert all(len(part) == 1 or part[-1].end - part[0].start <= most for part in found)


def test_a_part_ends_where_a_section_ends() -> None:
    text = "".join(f"# H{n}\n\n" + "word one. " * 12 + "\n\n" for n in range(6))
    found = parts(cut(text, limit=20), most=300)
    assert len(found) == 3
    assert all(part[0].text.startswith("# H") for part in found)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        pytest.param("|a|b|\n|-|-|\n" + "|one two|three four|\n" * 20, 16, id="a table"),
        pytest.param("# T\n\n" + "- item of a list\n" * 20, 16, id="a list"),
        pytest.param("```\n" + "x = 1\n\ny = 2\n" * 20 + "```", 20, id="code with empty lines"),
        pytest.param("# T\r\n\r\nOne.\r\n\r\n## S\r\n\r\nTwo.\r\n", 20, id="carriage returns"),
        pytest.param("One.\n\nTwo.\n\n## S\n\n> q\n", 20, id="paragraphs"),
        pytest.param(
            (CORPUS / "guides" / "backup.md").read_text(encoding="utf-8").partition("\n---\n")[2], 40, id="file"
        ),
        pytest.param((CORPUS / "mixed.md").read_text(encoding="utf-8"), 60, id="another file"),
        pytest.param((CORPUS / "zh" / "faq.md").read_text(encoding="utf-8"), 40, id="Chinese"),
    ],
)
def test_ordinary_documents_come_back_line_by_line(text: str, limit: int) -> None:
    chunks = cut(text, limit=limit)
    assert len(chunks) > 1
    (found,) = stretches(chunks)
    lines = [line.rstrip() for line in text.rstrip().splitlines() if line.strip()]
    assert [line.rstrip() for line in found.text.splitlines() if line.strip()] == lines


def test_nothing_comes_of_nothing() -> None:
    assert stretches([]) == [] and own_spans([]) == [] and parts([], most=10) == []
