"""Work over text that strangers wrote grows with its length, whatever repeats in it."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from rag.documents.chunking import ChunkLimits, chunk, described
from rag.documents.convert import without_files
from rag.text.highlight import best_sentence, term_spans
from rag.text.markdown_spans import prose
from rag.text.reading import reading
from rag.text.sanitizer import safe_markdown
from rag.text.sentences import sentences
from rag.text.terms import document_terms
from tests.support.growth import assert_linear, assert_not_frozen, steps
from tests.support.markdown_texts import count_tokens

PIECES = (
    "[", "]", "![", "[a]", "[a]: ", "- - [a]: ", "[a](", "[a](b \"", "[a](<b", "[a](http://x/ ", "](", "<", "<a ",
    "<!-- ", "<!", "`", "` `` ", "```\n", "~~~\n", "*a _b ", "**", "> ", ">>>>>>>> a\n", "- ", "- - - a\n", "1. ",
    "# a\n", "a\n=\n", "|", "|a|\n|-|\n", "[a]: b\n", "[a\n", "\\", "&a;", " ", "\n", "\n ", "\t", "\r", "a. ",
    "a.  \n", "...\"\" ", "。", "字", "a.b/", "a", "A1", "_", "1,000 ", "http://a ", "<http://", "'data:a/a,",
    "data:a/b;base64,", "=\"data:a/a,='data:a/b,", "\u0301\u0316", "e\u0301 ", "\U0001f469\u200d", "---\n", "a: b\n",
)  # fmt: skip
LIMITS = ChunkLimits(max_tokens=200, overlap_tokens=20)


def cut(text: str) -> None:
    reading.cache_clear()  # what was read before is no work
    chunk(text, count_tokens=count_tokens, limits=LIMITS)


READERS: dict[str, Callable[[str], object]] = {
    "chunks": lambda text: cut(text),
    "a description": lambda text: described(f"---\ntitle: x\ntags: {text}\n---\n", fallback="f"),
    "TOML": lambda text: described(f"+++\ntitle = {text}\n+++\n", fallback="f"),
    "JSON": lambda text: described(f'{{"title": {text}', fallback="f"),
    "files in it": without_files,
    "sentences": sentences,
    "the best sentence": lambda text: best_sentence("a b 字", text),
    "marked words": lambda text: term_spans("a b 字", text),
    "terms": lambda text: document_terms(text, limit=60_000),
    "prose": prose,
    "safe Markdown": safe_markdown,
}
WHOLE = """
from tests.documents.test_growth import PIECES, READERS
for name, reader in READERS.items():
    for piece in PIECES:
        bounded(f"{name} {piece!r}", SECONDS, reader, piece * (LENGTH // len(piece)))
"""


@pytest.mark.parametrize("reader", READERS)
def test_twice_the_text_is_at_most_little_more_than_twice_the_work(reader: str) -> None:
    for piece in PIECES:
        assert_linear(READERS[reader], piece)


def test_what_grows_with_the_square_is_found_out() -> None:
    def square(text: str) -> None:
        for _ in text:
            for _ in text:
                pass

    assert steps(lambda: square("a" * 50)) > 2_000
    with pytest.raises(AssertionError, match="steps for"):
        assert_linear(square, "a", sizes=(100, 200))


@pytest.mark.skipif(sys.platform == "win32", reason="processor time is not limited there")
def test_no_long_text_freezes_its_reader() -> None:
    assert_not_frozen(f"LENGTH = 20_000\n{WHOLE}", seconds=4)
