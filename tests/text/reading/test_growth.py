"""Reading a text takes work that grows with its length, whatever repeats in it."""

from __future__ import annotations

import sys

import pytest

from rag.text.reading import reading
from tests.support.growth import assert_linear, assert_not_frozen

PIECES = (
    "[", "]", "![", "[a]", "[a]: ", "[a](", "[a](b \"", "[a](<b", "[a][", "[[", "[[a|", "[^1]", "[^1]: a\n\n", "](",
    "<", "<a ", "<a \"", "<a b={", "<A ", "<Ab>", "<Ab>\n\n", "</Ab>", "<!-- ", "<!", "<?", "<td>", "<tr><td>a",
    "<td rowspan=50>a", "<tr><td rowspan=50 colspan=50>a", "<table>", "<table><tr><td>", "<li>", "<ul><li>a\n\n",
    "<details>\n\n", "<summary>", "<div hidden>", "<pre>", "<code>", "<pre>a\n\n", "<script>", "<svg>", "&", "&a;",
    "&lt;", "`", "` `` ", "```\n", "~~~\n", "\\", "\\(", "\\(a\\)", "\\[\n", "$", "$a$", "$a ", "$$", "$$\n",
    "$$\n\na", "\\begin{align}\n", "{", "{{", "{{a}}", "{% ", "{% a %}\n", "{{< a >}}\n", "{{< /a >}}\n",
    "{% tab title=\"a\" %}\n", "{:a=", "{.a ", "{/* ", "==a", "==a== ", "++a++", "%%", ":a:", ":material-a:",
    "http://a ", "http://a))", "http://a.", "http://a))))))..", ":::", "::: a\n", ":::\n", "::: a [b\n", "!!! a\n",
    "!!! a \"b\"\n\n    a\n", "    !!! a\n", "=== \"a\"\n", "??? a\n", "import a from 'b'\n", "import {\n",
    "export const a\n\n", "|", "|a|\n|-|\n", "|a|b|\n", "|a|\n|-|\n|b|\n\n", "||", "`|", "- ", "- - a\n", "1. a\n",
    "a) b\n", "(a) b\n", "> ", "> [!a] b\n", "> > a\n", "    a\n\n", "*[a]: b\n", "# a\n", "a\n=\n", "---\n",
    "---\na: b\n", "a. ", "字", "\u200b", "\n", " ", "\t", "\U000ffffe", "\U000ffffe0\U000ffffe\n\n", "\0\n",
    "    \0\n", "[a]{.b", "Term\n: a\n", "<b>", "<td><b>", "<Ab b=", "# [a](#tab/b)\n", "{r}`", ":::a:::\n",
    "```{note} a\n", "(a)=\n", "<<< @/a\n", "a <a href=\"#\"> ", "<td><table>", "<td> <b>",
)  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_twice_the_text_is_at_most_little_more_than_twice_the_work(piece: str) -> None:
    assert_linear(reading.__wrapped__, piece, sizes=(500, 2_000, 8_000))


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        pytest.param("|" + "a" * 4_000 + "|b|\n|-|-|\n", "|c|d|\n", id="a long name of a column"),
        pytest.param("|" + "a|" * 400 + "\n|" + "-|" * 400 + "\n", "|c|d|\n", id="a wide head"),
        pytest.param("<table><tr>" + "<td rowspan=9999>a" * 400, "<tr><td>b", id="cells that reach down"),
        pytest.param("[^1]: " + "a " * 2_000 + "\n\n", "b[^1] ", id="a long footnote"),
        pytest.param("[a](<" + "b" * 2_000, "[a](", id="an address that never ends"),
        pytest.param("<Tabs>\n\n", "        a\n\n", id="indented again and again"),
        pytest.param("<details>\n\n" * 100, "<p>a</p>\n\n", id="deep in folds"),
    ],
)
def test_what_comes_once_is_not_paid_for_again_and_again(start: str, piece: str) -> None:
    assert_linear(lambda text: reading.__wrapped__(start + text), piece, sizes=(4_000, 8_000, 16_000))


@pytest.mark.skipif(sys.platform == "win32", reason="processor time is not limited there")
def test_no_long_text_freezes_its_reader() -> None:
    assert_not_frozen(
        "from tests.text.reading.test_growth import PIECES, reading\n"
        "for piece in PIECES: bounded(repr(piece), SECONDS, reading, piece * (30_000 // len(piece)))",
        seconds=8,
    )
