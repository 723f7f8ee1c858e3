"""What holds for the reading of any text."""

from __future__ import annotations

import re
from html import unescape

from hypothesis import example, given
from hypothesis import strategies as st

from rag.text.reading import BlockKind, ReadingText, reading
from rag.text.reading.tags import KNOWN
from tests.support.markdown_texts import ANY, DOCUMENT

MARKUP = st.lists(
    st.sampled_from(
        [
            "<table>",
            "<tr>",
            "<td>",
            "<th>",
            "</td>",
            "</tr>",
            "</table>",
            '<td|rowspan="3">',
            "<td|colspan=2>",
            "<b>",
            "</b>",
            "<br/>",
            "<li>",
            "<ul>",
            "</ul>",
            "<details>",
            "<summary>",
            "</summary>",
            "</details>",
            "<h2>",
            "</h2>",
            "<pre>",
            "</pre>",
            "<code>",
            "</code>",
            "<p>",
            "</p>",
            "<div|hidden>",
            "</div>",
            "<!--",
            "-->",
            "<Tabs>",
            '<Tab|label="x">',
            "</Tab>",
            "</Tabs>",
            "<your-name>",
            "List<String>",
            "&lt;",
            "&amp;",
            "&nbsp;",
            "&lt;b&gt;",
            "[a](b)",
            "![a|b](c)",
            "[^1]",
            "[^1]:",
            "[a][b]",
            "[[a|b]]",
            "{{x}}",
            "{%|x|%}",
            "{{<|x|>}}",
            "{:.c}",
            "{#i}",
            ":::",
            ":::note|T",
            '!!!|note|"T"',
            '===|"T"',
            "???",
            "$",
            "$$",
            "\\(",
            "\\)",
            "\\[",
            "\\]",
            "\\*",
            "```",
            "~~~",
            "`",
            "-",
            "1.",
            ">",
            "#",
            "|",
            "|a|b|",
            "|-|-|",
            "---",
            "===",
            "http://a.b/c",
            "<http://a.b>",
            "import|x|from|'y'",
            "---",
            "title:|x",
            "a",
            "a.",
            "b。",
            "字",
        ]
    ).map(lambda word: word.replace("|", " ") if len(word) > 5 and word[0] != "|" else word),
    max_size=40,
)
MIXED = st.builds(
    lambda words, ends: "".join(w + e for w, e in zip(words, ends, strict=False)),
    MARKUP,
    st.lists(st.sampled_from([" ", "\n", "\n\n", "\n    ", "", "\r\n"]), min_size=40, max_size=40),
)
TEXTS = st.one_of(ANY, MIXED)
LEADS = st.one_of(
    st.just(""), MIXED, st.sampled_from(["```python\n", "|a|b|\n|-|-|\n", ":::note T", "<table><tr><th>a</th></tr>"])
)
PLAIN = st.lists(
    st.lists(
        st.sampled_from(["word", "Two words.", "字，句。", "$5", "a_b", "x < y", "50%", "it's", "(so)", "1.5", "é"]),
        min_size=1,
    ).map(" ".join),
    min_size=1,
    max_size=5,
)
_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9]*)(?:\s[^<>]*)?/?>")


def holds(source: str, read: ReadingText) -> None:
    assert len(read.origins) == len(read.text)
    known = [origin for origin in read.origins if origin >= 0]
    assert known == sorted(known)
    for character, origin in zip(read.text, read.origins, strict=True):
        if origin >= 0 and source[origin] != character:
            entity = source[origin : origin + read.widths.get(origin, 1)]
            assert character == unescape(entity).replace("\xa0", " ") or unescape(entity).isspace(), (character, entity)
    assert [block for block in read.blocks if block.start >= block.end] == []
    edges = [edge for block in read.blocks for edge in (block.start, block.end)]
    assert edges == sorted(edges)
    assert not edges or edges[-1] <= len(read.text)


@example("<p>  a\n  b &amp; c</p>", "")
@example("<table>\n <tr>\n  <td> a \n b <td> &lt;c <br> d", "")
@example("<TD>0<TR>0", "")
@example("<TD>0<TR><TABLE>0", "")
@example("- a\n\n\t\tb\n\tc", "")
@given(TEXTS, LEADS)
def test_every_character_is_one_of_the_source_or_none_in_order(text: str, lead: str) -> None:
    holds(text, reading(text, lead))


@given(TEXTS)
def test_what_is_written_is_in_blocks_and_the_marks_between_them(text: str) -> None:
    read = reading(text)
    rest = list(read.text)
    for block in read.blocks:
        rest[block.start : block.end] = " " * (block.end - block.start)
    left = re.sub(r"[`~]{3,}[^\n]*", "", "".join(rest))
    assert not re.search(r"[^\s#*+.):•·–>①-⑳一二三四五六七八九十、（）()\-\[\]xX\dA-Za-z]", left), left


@given(st.one_of(DOCUMENT, MIXED))
def test_no_tag_of_html_is_left_outside_code(text: str) -> None:
    read = reading(text)
    words = "\n\n".join(
        read.text[b.start : b.end] for b in read.blocks if b.kind not in (BlockKind.CODE, BlockKind.FORMULA)
    )
    words = re.sub(r"(`+).*?\1|\\<|\$.*?\$|\\[(\[].*?\\[)\]]", "", words, flags=re.DOTALL)
    left = [match[1] for match in _TAG.finditer(words) if match[1].lower() in KNOWN and match[1].islower()]
    assert left == [], words


@given(PLAIN)
def test_plain_paragraphs_are_read_as_they_are(paragraphs: list[str]) -> None:
    text = "\n\n".join(paragraphs)
    read = reading(text)
    assert read.text == text
    assert read.origins == tuple(range(len(text)))
    assert [read.text[block.start : block.end] for block in read.blocks] == paragraphs
    assert reading(read.text) == read


@given(
    st.lists(
        st.sampled_from(["- one", "- two\n  more", "1. a", "2. b", "# head", "words *so* `x`", "```py\nx = 1\n```"]),
        max_size=8,
    )
)
def test_the_reading_of_what_is_plain_is_stable(blocks: list[str]) -> None:
    once = reading("\n\n".join(blocks)).text
    assert reading(once).text == once
