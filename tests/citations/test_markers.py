"""`[n]` in an answer: which count, which are valid, and that the page never shows half of one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.citations.markers import display, find, linked, visible_prefix, without
from rag.ledger import Citation

SENT = 5


def anchor(number: int, place: int) -> str:
    return f"#ev-7-{number}"


def numbers(answer: str) -> list[int]:
    return [c.number for c in find(answer, SENT)]


@pytest.mark.parametrize(
    ("answer", "cited"),
    [
        pytest.param("One [1].", [1], id="one"),
        pytest.param("[1]", [1], id="alone"),
        pytest.param("a [1, 2] b", [1, 2], id="list"),
        pytest.param("a [1,3;5] b", [1, 3, 5], id="list without blanks"),
        pytest.param("a [1][2] b", [1, 2], id="in a row"),
        pytest.param("a [1] [2] b", [1, 2], id="in a row with blanks"),
        pytest.param("a [1-3] b", [1, 2, 3], id="range"),
        pytest.param("a [1–2, 4] b", [1, 2, 4], id="range with a dash, and one"),
        pytest.param("a [ 2 ] b", [2], id="with blanks inside"),
        pytest.param("结论【1】。", [1], id="lenticular brackets"),
        pytest.param("结论［1，２］。", [1, 2], id="full-width"),
        pytest.param("结论[1、3]。", [1, 3], id="Chinese comma"),
        pytest.param("note [^1]", [1], id="footnote"),
        pytest.param("[1]: see", [1], id="at the start of a line with a colon"),
        pytest.param("**bold**[1] `code`[2] (so)[3]", [1, 2, 3], id="behind formatting"),
        pytest.param("Milvus[1] uses HNSW[2] well", [1, 2], id="behind a name"),
        pytest.param("uses vectors[1]. And text[2], too", [1, 2], id="behind a word that ends a clause"),
        pytest.param("支持向量[1]检索", [1], id="behind Chinese"),
        pytest.param("| a [1] | b |\n|---|---|\n| `[2]` | [3] |", [1, 3], id="in a table"),
        pytest.param("- a [1]\n  - b [2]\n> c [3]", [1, 2, 3], id="in lists and quotes"),
        pytest.param("arr[1]", [], id="index"),
        pytest.param("arr[1] = 2, my_list[2]. f.x[3].", [], id="indices in prose"),
        pytest.param("a[0][1]", [], id="index of an index"),
        pytest.param("`[1]` and ``a [2] ` ``", [], id="code span"),
        pytest.param("```\n[1]\n```\n\n    [2]\n\n~~~\n[3]", [], id="code blocks"),
        pytest.param("[1](http://e.example) ![2](x)", [], id="link and image"),
        pytest.param("[see [1] there](http://e.example)", [], id="in a link"),
        pytest.param("\\[1] \\[2\\]", [], id="escaped"),
        pytest.param("[2024] [01] [3-1] [1-999] [] [a] [1.5]", [], id="no list of numbers"),
        pytest.param("[1", [], id="half"),
    ],
)
def test_which_brackets_cite(answer: str, cited: list[int]) -> None:
    assert numbers(answer) == cited


def test_spans_and_validity() -> None:
    assert find("See [1, 9] and [0].", SENT) == (
        Citation(1, 4, 10, True),
        Citation(9, 4, 10, False),
        Citation(0, 15, 18, False),
    )
    assert [c.valid for c in find("[5][6]", SENT)] == [True, False]
    assert not any(c.valid for c in find("[1]", 0))


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        pytest.param("One [1].", "One [1](#ev-7-1).", id="one"),
        pytest.param("[1][2]", "[1](#ev-7-1)[2](#ev-7-2)", id="in a row"),
        pytest.param("a [1, 3] b", "a [1](#ev-7-1)[3](#ev-7-3) b", id="list"),
        pytest.param("a【2】", "a[2](#ev-7-2)", id="lenticular"),
        pytest.param("[9] `[1]` x[1]", "[9] `[1]` x[1]", id="unknown, code and index stay"),
        pytest.param("[1, 9]", "[1](#ev-7-1)[9]", id="unknown beside a known one"),
    ],
)
def test_links(answer: str, shown: str) -> None:
    assert linked(answer, SENT, anchor) == shown


WORDS = [
    "Milvus",
    "stores vectors",
    "中文",
    ".",
    "\n",
    "\n\n",
    "- item",
    "`x[1]`",
    "**b**",
    "(see)",
    "|",
    ": ",
    "```\n",
]
MARKERS = ["[1]", "[2]", "[5]", "[9]", "[1, 2]", "【3】", "[^4]", "[1-3]"]
answers = st.lists(st.sampled_from([*WORDS, *[f" {m} " for m in MARKERS], *MARKERS]), max_size=14).map("".join)


@given(
    st.lists(st.integers(1, SENT), max_size=8), st.lists(st.sampled_from(["a b", "中文，", "x.", "\n\n"]), max_size=8)
)
def test_what_is_rendered_is_found_again(cited: list[int], words: list[str]) -> None:
    answer = "".join(f"{word} [{n}] " for n, word in zip(cited, words, strict=False))
    assert numbers(answer) == cited[: len(words)]


@given(answers)
def test_links_change_nothing_but_markers(answer: str) -> None:
    back = re.sub(r"\[(\d+)\]\(#ev-7-\d+\)", r"[\1]", linked(answer, SENT, anchor))
    groups: dict[tuple[int, int], list[Citation]] = {}
    for citation in find(answer, SENT):
        groups.setdefault((citation.start, citation.end), []).append(citation)
    expected, last = "", 0
    for (start, end), cited in groups.items():
        single = "".join(f"[{c.number}]" for c in cited)
        expected += answer[last:start] + (single if any(c.valid for c in cited) else answer[start:end])
        last = end
    assert back == expected + answer[last:]


@given(answers)
def test_chips_are_the_valid_citations_and_no_others(answer: str) -> None:
    chips = [int(n) for n in re.findall(r"\]\(#ev-7-(\d+)\)", linked(answer, SENT, anchor))]
    assert chips == [c.number for c in find(answer, SENT) if c.valid]


@given(answers)
def test_made_safe_an_answer_cites_the_same(answer: str) -> None:
    chips = [int(n) for n in re.findall(r"\]\(#ev-7-(\d+)\)", display(answer, SENT, anchor))]
    assert chips == [c.number for c in find(answer, SENT) if c.valid]


@given(answers, st.data())
def test_no_prefix_of_a_stream_shows_half_a_marker(answer: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(answer)))
    shown = visible_prefix(answer[:cut])
    assert answer.startswith(shown)
    assert not re.search(r"[\[【［][\d\s,^-]*\Z", shown)
    assert len(shown) >= len(visible_prefix(answer[: max(0, cut - 1)]))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a [", "a ", id="bracket"),
        pytest.param("a [12", "a ", id="digit"),
        pytest.param("a [1, ", "a ", id="half a list"),
        pytest.param("a [1][", "a [1]", id="the next one"),
        pytest.param("a [^", "a ", id="half a footnote"),
        pytest.param("a 【1", "a ", id="lenticular"),
        pytest.param("a ［１，", "a ", id="full-width"),
        pytest.param("a [1]", "a [1]", id="whole"),
        pytest.param("a [x", "a [x", id="another bracket"),
    ],
)
def test_visible_prefix(text: str, shown: str) -> None:
    assert visible_prefix(text) == shown


def test_a_code_span_still_streaming_holds_no_chip() -> None:
    assert "#ev" not in display("see `items [1]", SENT, anchor, growing=True)
    assert "#ev" in display("see `items [1]", SENT, anchor)


def test_a_model_cannot_forge_a_chip() -> None:
    assert display("[9](#ev-7-9) ![1](http://e.example)", SENT, anchor) == "\\[9\\](#ev-7-9) 🖼 1"


@pytest.mark.parametrize(
    ("answer", "plain"),
    [
        pytest.param("One [1]. Two [2][3].", "One. Two.", id="with their blanks"),
        pytest.param("`[1]` 中文【1】。", "`[1]` 中文。", id="not in code"),
    ],
)
def test_without(answer: str, plain: str) -> None:
    assert without(answer) == plain
