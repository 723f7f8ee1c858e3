"""Quotes leave the reply while it streams: whole, the same however it is cut, and nothing else goes with them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.citations.brackets import WINDOW, ReplyPart
from rag.citations.stream import Given, QuoteSplitter, split


def shown(splitter: QuoteSplitter) -> str:
    return "".join(part.shown for part in splitter.parts)


def citing(splitter: QuoteSplitter) -> list[ReplyPart]:
    """The parts a quote was looked for in; how the prose between them is cut does not matter."""
    return [part for part in splitter.parts if part.numbers]


def streamed(deltas: Sequence[str], *, whole: bool = True) -> tuple[QuoteSplitter, list[str]]:
    splitter = QuoteSplitter()
    pieces = [splitter.feed(delta) for delta in deltas]
    return splitter, [*pieces, splitter.flush(whole=whole)]


@pytest.mark.parametrize(
    ("reply", "answer", "quotes"),
    [
        pytest.param('A file [1 "20 MB"].', "A file [1].", [(1, "20 MB")], id="as it is asked for"),
        pytest.param('A file [1: "20 MB"].', "A file [1].", [(1, "20 MB")], id="with a colon"),
        pytest.param('A file [1 | "20 MB"].', "A file [1].", [(1, "20 MB")], id="with a bar"),
        pytest.param('A file [1, "twenty megabytes"].', "A file [1].", [(1, "twenty megabytes")], id="with a comma"),
        pytest.param("A file [1 “20 MB”].", "A file [1].", [(1, "20 MB")], id="curly marks"),
        pytest.param('A file [1 “20 MB"].', "A file [1].", [(1, "20 MB")], id="marks that do not match"),
        pytest.param("Un fichier [1 « 20 Mo »].", "Un fichier [1].", [(1, "20 Mo")], id="guillemets"),
        pytest.param("A file [1 '20 MB'].", "A file [1].", [(1, "20 MB")], id="single marks"),
        pytest.param("A file [1 `max = 20`].", "A file [1].", [(1, "max = 20")], id="code as quote"),
        pytest.param("文件【1：“最大 20 MB”】。", "文件[1]。", [(1, "最大 20 MB")], id="Chinese brackets"),
        pytest.param("文件［１「最大」］。", "文件[1]。", [(1, "最大")], id="full width"),
        pytest.param('A file [^1 "20 MB"].', "A file [1].", [(1, "20 MB")], id="as a footnote"),
        pytest.param('A [1 "a b"][3 "c d"].', "A [1][3].", [(1, "a b"), (3, "c d")], id="two brackets"),
        pytest.param('A [1 "a b"; 3: "c d"].', "A [1][3].", [(1, "a b"), (3, "c d")], id="two in one bracket"),
        pytest.param('A [1 "a b", "c d"].', "A [1].", [(1, "a b"), (1, "c d")], id="two of one context"),
        pytest.param('A [1 "a b"; 2 "c"; 1 "d e"].', "A [1][2][1].", [(1, "a b"), (2, "c"), (1, "d e")], id="and back"),
        pytest.param('A [1, 3 "c d"].', "A [1][3].", [(3, "c d")], id="a number without a quote before it"),
        pytest.param('A [1 "say \\"x\\" twice"].', "A [1].", [(1, 'say "x" twice')], id="escaped marks"),
        pytest.param('A [1 "use arr["x"] here"].', "A [1].", [(1, 'use arr["x"] here')], id="brackets in the words"),
        pytest.param('A [1 "an open [ here"] B', "A [1] B", [(1, "an open [ here")], id="an odd bracket in the words"),
        pytest.param('A [1 "one\ntwo"].', "A [1].", [(1, "one\ntwo")], id="over a line end"),
        pytest.param('A[1 "a b"] is', "A [1] is", [(1, "a b")], id="a blank before it where it could be code"),
        pytest.param('A [1 "a b"](x)', "A [1] (x)", [(1, "a b")], id="no link comes about"),
        pytest.param('A [1 "…"].', "A [1].", [], id="a quote without words"),
    ],
)
def test_a_quote_is_taken_out(reply: str, answer: str, quotes: list[tuple[int, str]]) -> None:
    splitter = split(reply)
    assert shown(splitter) == answer
    assert [(q.number, q.text) for q in splitter.quotes] == quotes
    assert all(answer[: q.at].endswith(f"[{q.number}]") for q in splitter.quotes)


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param("A file may be 20 MB [1][3], see [2, 4].", id="citations without quotes"),
        pytest.param("A [link](https://example.org) and [a note].", id="other brackets"),
        pytest.param('```r\ndf[1 "name"]\n```\ndone', id="code block"),
        pytest.param('  ~~~\n[1 "a b"]\n```\n[1 "a b"]\n  ~~~\n', id="code block of tildes, holding ticks"),
        pytest.param('Write `[1 "exact words"]` so.', id="inline code"),
        pytest.param('R: df[1, "name"] and [1, "two", 3].', id="subscripts and lists"),
        pytest.param('\\[1 "a b"]', id="escaped"),
        pytest.param('In [1999 "a b"] and [12345 "a"]', id="no context number"),
        pytest.param('See [1] "a b" there', id="behind the bracket"),
        pytest.param("[" * 60, id="nothing but brackets"),
    ],
)
def test_everything_else_stays_as_it_is(reply: str) -> None:
    splitter = split(reply)
    assert shown(splitter) == reply
    assert splitter.quotes == []


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        pytest.param('A [1 "words.\n\nNext.', 'A [1] "words.\n\nNext.', id="at the paragraph's end"),
        pytest.param('A [1 "words. B [2 "more"].', 'A [1] "words. B [2].', id="at the next quote"),
        pytest.param('A [1 "words', 'A [1] "words', id="at the end"),
        pytest.param(f'A [1 "{"w " * WINDOW}"]', f'A [1] "{"w " * WINDOW}"]', id="when it is too long"),
    ],
)
def test_a_quote_that_is_never_closed_stays_in_sight(reply: str, answer: str) -> None:
    assert shown(split(reply)) == answer


def test_of_a_reply_cut_in_a_quote_the_citation_is_shown() -> None:
    splitter, pieces = streamed(["A file ", '[1 "The larg'], whole=False)
    assert "".join(pieces) == "A file [1]"
    assert splitter.quotes == []


def test_deltas_come_through_at_once_but_for_what_may_become_a_quote() -> None:
    _, pieces = streamed(["Send", " it [", "1", ' "a', ' b"', "]", " now", " [2", "]", "."])
    assert pieces == ["Send", " it ", "", "", "", "[1]", " now", " ", "[2]", ".", ""]


MARKS = [
    "[",
    "]",
    "【",
    "】",
    '"',
    "“",
    "”",
    "«",
    "»",
    "'",
    "`",
    "```",
    "~~~",
    "(",
    ")",
    ",",
    "; ",
    ": ",
    "|",
    "^",
    "\\",
]
TEXTS = ["(", ")", ",", "; ", ": ", "|", "^", "1", "12", " ", "\n", "\n\n", "\r\n", "a", "word ", "中文", "。", "."]
QUOTED = ['[1 "a b"]', "【2：“甲乙”】", '[1 "a"; 2 "b"]', '[3 "', 'A file [1 "20 MB"].', "\n\n- x [4]"]
TOKENS = st.sampled_from([*MARKS, *TEXTS, *QUOTED])
REPLIES = st.lists(TOKENS, max_size=40).map("".join)


@given(REPLIES)
def test_what_is_shown_and_what_is_kept_aside_make_the_reply(reply: str) -> None:
    splitter = split(reply)
    assert "".join(part.raw for part in splitter.parts) == reply
    for part in splitter.parts:
        if part.numbers:
            assert re.fullmatch(r" ?(\[\d+\])+ ?", part.shown)
            assert all(words in part.raw.replace("\\", "") for _, words in part.quotes if "\\" not in words)
        else:
            assert part.shown.removeprefix(" ") == part.raw.removeprefix(" ")


@given(REPLIES, st.lists(st.integers(0, 200), max_size=30), st.booleans())
def test_where_the_deltas_are_cut_changes_nothing(reply: str, cuts: list[int], whole: bool) -> None:
    edges = sorted({0, len(reply), *(c for c in cuts if c < len(reply))})
    splitter, pieces = streamed([reply[a:b] for a, b in pairwise(edges)], whole=whole)
    at_once, text = streamed([reply], whole=whole)
    assert "".join(pieces) == "".join(text)
    assert (citing(splitter), splitter.quotes) == (citing(at_once), at_once.quotes)


@given(REPLIES)
def test_character_by_character_the_same(reply: str) -> None:
    splitter, pieces = streamed(list(reply))
    assert "".join(pieces) == shown(split(reply))
    assert citing(splitter) == citing(split(reply))


@given(st.lists(st.sampled_from([*QUOTED[:3], *QUOTED[4:], "word "]), max_size=8))
def test_nothing_that_is_shown_on_the_way_is_taken_back_and_no_half_quote_is_among_it(sentences: list[str]) -> None:
    reply = "".join(sentences)
    _, pieces = streamed(list(reply))
    final = "".join(pieces)
    for so_far in accumulate(pieces):
        assert final.startswith(so_far)
        assert not re.search(r"[\[【]\d*[^\]\d]*$", so_far)


def test_the_work_per_delta_does_not_grow_with_the_reply() -> None:
    """Counted in characters held back, which is all that is looked at again with a delta."""
    splitter = QuoteSplitter()
    for _ in range(2000):
        splitter.feed("word [")
        assert len(splitter._held) <= 1
        splitter.feed('1 "a b"] ')
    held = 0
    for char in '[1 "' + "w " * WINDOW:
        splitter.feed(char)
        held = max(held, len(splitter._held))
    assert held <= WINDOW + 5


def test_a_given_quote_is_a_value() -> None:
    assert split('A [1 "a b"].').quotes == [Given(1, "a b", 5)]
