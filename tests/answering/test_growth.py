"""Answers, quotes and passages of any make are checked and drawn in work that grows no faster than they do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rag.citations import claims
from rag.citations import markers as citations
from rag.citations import stream as quotes
from rag.citations.check import check
from rag.citations.matching import SearchableText, parts
from rag.citations.unsourced import Unsourced
from rag.models.chat.failures import Redactor
from rag.models.chat.thinking import WithoutThinking
from rag.text import sentences
from rag.text.reading import reading
from rag.text.sanitizer import safe_markdown
from rag.types import Chunk
from rag.ui.html import highlights
from rag.ui.html.markdown import Checks, Chips, answer
from rag.ui.html.reading.passage import PassageView, view
from tests.support.growth import assert_linear, assert_not_frozen

PIECES = [
    "[", "`", "`` a ", "[1] ", '[1 "a', "[1 'a", "[a]:", "a[a]: ", "Yes. ", "Abc [1]. ", "- a:\n", "<code>", "<!--",
    "<a b ", "**a ", "_a", "![", "[a](", "> ", "|a", "\\", " ", "\n", "a___b", "。", "$a_", "\\(_", "\\begin{a}",
]  # fmt: skip


def drawn(text: str) -> str:
    ends = [Unsourced(end, 1) for end in range(1, len(text), 7)]
    return answer(text, Chips(1, {1: "a"}, "en", Checks((), ends)), complete=True)


def marked(text: str) -> str:
    spans = [(at, at + 1) for at in range(0, len(text), 5)]
    return highlights.marked(text, best=None, terms=spans, quotes=dict(enumerate(spans)))


def on_its_card(text: str) -> PassageView:
    reading.cache_clear()
    return view.__wrapped__(Chunk(0, 0, len(text), (), text, 1), "a b", ((0, (0, len(text) // 2)),), "en")


WORK: dict[str, Callable[[str], object]] = {
    "split": quotes.split,
    "cited": citations.markers,
    "stated": claims.statements,
    "checked": lambda text: check(text, quotes.split(text).quotes, ()),
    "cut": sentences.sentences,
    "made safe": safe_markdown,
    "drawn": drawn,
    "marked": marked,
    "a card": on_its_card,
    "searched": lambda text: SearchableText(text).look_up("pump starts"),
    "looked up": SearchableText("The pump starts at 85 degrees.").look_up,
    "thought": lambda text: [*map(WithoutThinking().feed, text)],
    "redacted": Redactor("key-0123456789"),
}


@pytest.mark.parametrize("name", WORK)
@pytest.mark.parametrize("piece", PIECES)
def test_twice_the_text_is_twice_the_work(name: str, piece: str) -> None:
    assert_linear(WORK[name], piece, sizes=(400, 1_600))


def test_no_text_freezes_what_looks_for_words_in_it() -> None:
    """The work of regular expressions, which is no line of Python."""
    assert_not_frozen(
        """
from tests.support.growth import bounded
from tests.answering.test_growth import SEARCHED, HOSTILE
for text in HOSTILE:
    for name, work in SEARCHED.items():
        bounded(f"{name} {text[:9]!r}", SECONDS, work, text)
""",
        seconds=20,
    )


SEARCHED: dict[str, Callable[[str], object]] = {
    name: WORK[name] for name in ("searched", "looked up", "cut", "cited", "redacted")
} | {"left out": parts}
HOSTILE = [
    head + piece * (100_000 // len(piece)) + tail
    for head, piece, tail in [
        ("a", " ", "b"), ("a", "_", "b"), ("--", " ", "b"), ("--", "|-", "b"), ("", "<!--", ""), ("a", "\t", "b"),
        ("", "`", ""), ("", "[", ""), ("", "*", ""), ("a ", "[1", ""), ("", "a", ""), ("", "**", ""),
    ]
]  # fmt: skip


def test_a_quote_of_blanks_stands_nowhere() -> None:
    assert SearchableText("a b").exactly(" " * 100_000) is None


@pytest.mark.parametrize(
    ("words", "found"),
    [("one ... two words", ["one ... two words"]), ("first words … second words", ["first words", "second words"]),
     ("first words ... ... second words", ["first words", "second words"])],
)  # fmt: skip
def test_words_are_still_parted_at_omissions(words: str, found: list[str]) -> None:
    assert parts(words) == found


@pytest.mark.parametrize(
    ("passage", "words"),
    [("a__b", "a__b"), ("say __so__ now", "say so now"), ("say __ now", "say now"), ("end_ here", "end here")],
)
def test_marks_of_emphasis_are_read_as_before(passage: str, words: str) -> None:
    assert SearchableText(passage).exactly(words)
