"""HTML in Markdown, in its words."""

from __future__ import annotations

import pytest

from rag.text.reading import BlockKind, reading


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("<p>One <b>two</b></p><p>three", "One two\n\nthree", id="paragraphs"),
        pytest.param("<h2 id=x>T <a class=anchor href='#x'>#</a></h2>\nWords", "## T\n\nWords", id="a heading"),
        pytest.param("<ul>\n<li>a</li>\n<li>b <ol><li>c</ol></li></ul>", "- a\n- b\n  1. c", id="lists"),
        pytest.param("<dl><dt>A</dt><dd>b</dd></dl>", "A: b", id="definitions"),
        pytest.param("a<br>b<br/>c", "a\nb\nc", id="line breaks"),
        pytest.param("10<sup>6</sup> H<sub>2</sub>O", "10^6 H2O", id="powers"),
        pytest.param("Press <kbd>Ctrl</kbd>&nbsp;<!-- no -->now", "Press Ctrl now", id="keys and comments"),
        pytest.param('<a name="x"></a>Words <a href="b.md">link</a>', "Words link", id="anchors"),
        pytest.param('A <span style="display:none">no</span> word<i aria-hidden="true">x</i>', "A word", id="hidden"),
        pytest.param("<div hidden>\n\nno\n\n<div>no</div>\n\n</div>\n\nyes", "yes", id="a hidden block"),
        pytest.param('<div role="tabpanel" hidden>\n\nyes\n\n</div>', "yes", id="a tab that is not open"),
        pytest.param("<script>\nno\n\nno\n</script>\n\n<style>a{}</style>\n\nyes", "yes", id="scripts"),
        pytest.param("<pre><code class='language-sh'>a &lt; b\n  c</code></pre>", "```sh\na < b\n  c\n```", id="code"),
        pytest.param("Use <code>a &amp; `b`</code>.", "Use `` a & `b` ``.", id="code in words"),
        pytest.param(
            "Set <your-name> in List<String> or <YOUR_KEY>.",
            "Set <your-name> in List<String> or <YOUR_KEY>.",
            id="no tags",
        ),
        pytest.param('<img src="a.png" alt="The pump runs"> so', "The pump runs so", id="a picture"),
        pytest.param(
            '<div>\n<a href="#a">A</a>\n<a href="#b">B</a>\n</div>\n\nWords', "Words", id="links between tabs"
        ),
        pytest.param("<iframe src=x></iframe><button>Copy</button>Words", "Words", id="what is no text"),
    ],
)
def test_html_is_read_as_its_words(text: str, expected: str) -> None:
    assert reading(text).text == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("<details>\n<summary>Why?</summary>\n\nSo.\n\n</details>\n\nOut.", id="as it is written"),
        pytest.param("<details><summary><b>Why?</b></summary>So.</details>\nOut.", id="on a line"),
        pytest.param("<details>\n<summary>Why?</summary>\nSo.\n</details>\n\nOut.", id="without blank lines"),
    ],
)
def test_a_summary_is_the_label_of_what_it_folds(text: str) -> None:
    read = reading(text)
    found = [(b.kind, b.label, read.text[b.start : b.end]) for b in read.blocks]
    assert found == [
        (BlockKind.HEADING, "", "Why?"),
        (BlockKind.PROSE, "Why?", "So."),
        (BlockKind.PROSE, "", "Out."),
    ]


def test_a_picture_alone_is_text_and_no_block() -> None:
    read = reading("![The pump runs](a.png)\n\nWords.")
    assert read.text == "The pump runs\n\nWords."
    assert [read.text[b.start : b.end] for b in read.blocks] == ["Words."]


def test_an_entity_is_as_wide_as_it_is_written() -> None:
    text = "a &amp; b &lt;"
    read = reading(text)
    assert read.text == "a & b <"
    assert read.source_span(0, len(read.text)) == (0, len(text))
    assert read.source_span(2, 3) == (2, 7)
