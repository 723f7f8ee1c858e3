"""Markdown to sentences, items, code and tables, each a span of the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.sentences import Form, sentences


def pieces(text: str, *forms: Form) -> list[str]:
    return [text[s.start : s.end] for s in sentences(text) if not forms or s.form in forms]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"], id="English"),
        pytest.param("最多 32768 维。可以吗？可以！好", ["最多 32768 维。", "可以吗？", "可以！", "好"], id="Chinese"),
        pytest.param("他说：“好。”然后走了。", ["他说：“好。”", "然后走了。"], id="Chinese quotation marks"),
        pytest.param('He said "no." She left.', ['He said "no."', "She left."], id="English quotation marks"),
        pytest.param(
            "Use e.g. HNSW. See Fig. 3, etc. here.", ["Use e.g. HNSW.", "See Fig. 3, etc. here."], id="abbreviations"
        ),
        pytest.param("It said No. 5 is no. Page p. 3 too.", ["It said No. 5 is no.", "Page p. 3 too."], id="numbering"),
        pytest.param("The U.S. Army came. J. Smith led.", ["The U.S. Army came.", "J. Smith led."], id="initials"),
        pytest.param("From 2.3 to 2.4. Done.", ["From 2.3 to 2.4.", "Done."], id="versions"),
        pytest.param(
            "Run `a. B` now. See [x](y. z.md) then. End.",
            ["Run `a. B` now.", "See [x](y. z.md) then.", "End."],
            id="code and links",
        ),
        pytest.param(
            "It is simple. `a()` does it. Read on. https://x.y/z has more, e.g. `b`.",
            ["It is simple.", "`a()` does it.", "Read on.", "https://x.y/z has more, e.g. `b`."],
            id="sentences that begin with code or an address",
        ),
        pytest.param(
            "a wrapped\nsentence. Next.", ["a wrapped\nsentence.", "Next."], id="line breaks inside a sentence"
        ),
        pytest.param("Para one\n\nPara two", ["Para one", "Para two"], id="paragraphs without full stops"),
        pytest.param("- one. Two\n- three\n  goes on", ["one.", "Two", "three\n  goes on"], id="list items"),
        pytest.param("1. first\n   - inner", ["first", "inner"], id="nested items"),
        pytest.param("- [ ] open task", ["open task"], id="a task"),
        pytest.param("> quoted one\n> and two", ["quoted one", "and two"], id="a quotation, line by line"),
        pytest.param("***\n\n---\n\n...", [], id="nothing but markup"),
        pytest.param("<div class='x'>\ninside\n</div>", ["inside"], id="HTML around text"),
        pytest.param("one.\r\n\r\ntwo.", ["one.", "two."], id="Windows line ends"),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


def test_code_and_tables_stay_whole() -> None:
    code = "```sh\npip install a. b\n\npip list\n```"
    table = "| a | b |\n| - | - |\n| x. Y | z |"
    assert pieces(f"Intro:\n\n{code}\n\n{table}\n", Form.CODE, Form.TABLE) == [code, table]


def test_a_fence_that_is_never_closed_is_code_to_the_end() -> None:
    assert pieces("Text.\n\n```\nx = 1. Y\n", Form.CODE) == ["```\nx = 1. Y"]


def test_headings_are_told_apart() -> None:
    assert pieces("# One\n\ntext\n\nTwo\n===\n", Form.HEADING) == ["One", "Two\n==="]


def test_pieces_of_one_block_share_its_number() -> None:
    assert [s.block for s in sentences("A one. A two.\n\nB one.")] == [0, 0, 1]


@given(st.text(alphabet=st.sampled_from("aB.。！?!:：#>-*|`~<x1 \t\r\n[]()"), max_size=80))
def test_pieces_are_ordered_spans_without_outer_blanks(text: str) -> None:
    last = 0
    for piece in sentences(text):
        assert last <= piece.start < piece.end <= len(text)
        assert text[piece.start : piece.end].strip("\r\n") == text[piece.start : piece.end]
        last = piece.end
