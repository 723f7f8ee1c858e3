"""Documents on the page: marks change nothing but what is marked, and nothing a document writes becomes a tag."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rag.documents.chunking import ChunkLimits, chunk
from rag.documents.reconstruction import Stretch, stretches
from rag.types import Chunk
from rag.ui.html.reading.document import Rendered, Span, render
from rag.ui.html.tags import understand_tags
from tests.support.browsed import Page
from tests.support.examples import examples
from tests.support.markdown_texts import ANY, DOCUMENT, count_tokens

many = examples(300)

HARMLESS = {
    "div", "p", "span", "mark", "em", "strong", "s", "sub", "sup", "code", "pre", "ul", "ol", "li", "blockquote",
    "a", "br", "hr", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td",
    "button", "svg", "rect", "path",
}  # fmt: skip
ATTRIBUTES = {
    "class", "id", "title", "href", "target", "rel", "tabindex", "start", "style", "data-from", "data-to", "data-chunk",
    "type", "data-act", "aria-label", "aria-hidden", "d", "x", "y", "rx", "width", "height", "viewbox", "fill",
    "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin",
}  # fmt: skip


def page_of(rendered: Rendered) -> Page:
    return Page("".join(row.html for row in rendered.rows))


def whole(text: str) -> Stretch:
    return Stretch(0, text, (Chunk(0, 0, len(text), (), text, 1),))


def cut(text: str, limit: int) -> list[Chunk]:
    return chunk(text, count_tokens=count_tokens, limits=ChunkLimits(max_tokens=limit, overlap_tokens=limit // 4))


def squeezed(text: str) -> str:
    """Without blanks, controls and what controls are shown as."""
    return "".join(c for c in text if not c.isspace() and c != "\ufffd" and unicodedata.category(c) != "Cc")


def by_the_library(text: str) -> str:
    """The text a plain parser shows, images as their description."""
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 100}).enable(["table", "strikethrough"])
    understand_tags(parser.disable(["html_block", "html_inline"]))
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    return Page(re.sub(r'<img [^>]*?alt="([^"]*)"[^>]*>', r"image: \1", parser.render(text))).shown


TAGS = st.lists(
    st.sampled_from([
        *"ab9 \n*_`|~<", "**", "[", "](http://x.y)", "<b>", "</b>", "<i >", "</I>", "<code>", "</code>", "<br/>",
        "<td>", "<div class='x'>", "</div>", "<a href=http://x.y>", "<a id='p'>", "</a>", "<img alt=i src=x>",
        "<script>", "&lt;",
    ]),
    max_size=40,
).map("".join)  # fmt: skip
TEXT = st.one_of(ANY, TAGS)

SPANS = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 80)), max_size=6).map(
    lambda pairs: [Span(a, a + n, str(i), "quote", f"[{i}]") for i, (a, n) in enumerate(pairs)]
)


@many
@given(TEXT, SPANS, st.integers(3, 40))
def test_marking_changes_no_text_and_no_structure(text: str, spans: list[Span], limit: int) -> None:
    for stretch in stretches(cut(text, limit)):
        plain, marked = page_of(render(stretch, [], "en")), page_of(render(stretch, spans, "en"))
        assert marked.shown == plain.shown
        assert squeezed(plain.shown) == squeezed(by_the_library(stretch.text))
        ours = ("mark", "span")
        assert [t for t in marked.tags if t[0] not in ours] == [t for t in plain.tags if t[0] not in ours]


@many
@given(TEXT, SPANS, st.integers(3, 40))
def test_no_tag_and_no_address_comes_from_a_document(text: str, spans: list[Span], limit: int) -> None:
    for stretch in stretches(cut(text, limit)):
        page = page_of(render(stretch, spans, "en"))
        assert {tag for tag, _ in page.tags} <= HARMLESS
        assert {name for _, attrs in page.tags for name in attrs} <= ATTRIBUTES
        assert all((a.get("href") or "http://").startswith(("http://", "https://")) for _, a in page.tags)
        ids = Counter(attrs["id"] for _, attrs in page.tags if "id" in attrs)
        assert all(count == 1 for count in ids.values())


@many
@given(TEXT, SPANS, st.integers(3, 40))
def test_every_chunk_has_its_row_and_rows_hold_all_text(text: str, spans: list[Span], limit: int) -> None:
    for stretch in stretches(cut(text, limit)):
        rows = render(stretch, spans, "en").rows
        assert [at for row in rows for at in row.chunks] == list(range(len(stretch.chunks)))
        assert all(row.chunks for row in rows)


@many
@given(DOCUMENT, st.integers(5, 40), st.integers(1, 8))
def test_a_marked_word_is_that_word_wherever_it_stands(text: str, limit: int, number: int) -> None:
    """Unique words are put in place of the letters, so that each tells its own place."""
    count = 0

    def unique(_: re.Match[str]) -> str:
        nonlocal count
        count += 1
        return f"w{count}x"

    numbered = re.sub(r"(?<![\w(/])(?:a|Bc|d|9|e|f)(?![\w/])", unique, text)
    for stretch in stretches(cut(numbered, limit)):
        words = list(re.finditer(r"w\d+x", stretch.text))[number - 1 :: number]
        spans = [Span(stretch.start + w.start(), stretch.start + w.end(), str(i), "q", "") for i, w in enumerate(words)]
        page = page_of(render(stretch, spans, "en"))
        visible = [w.group() for w in words if w.group() in page.shown]
        assert page.marked == "".join(visible)


@pytest.mark.parametrize(
    ("source", "quote", "marked"),
    [
        pytest.param("A **bold word** here.", "bold word", "bold word", id="inside emphasis"),
        pytest.param("A **bold** word.", "A **bold** word", "A bold word", id="across emphasis"),
        pytest.param("Run `rm -rf` now.", "`rm -rf` now", "rm -rf now", id="code in a sentence"),
        pytest.param("See [the page](http://a.b/the page) now.", "the page", "the page", id="a link's text"),
        pytest.param("See [x](http://a.b/secret 'tip') now.", "secret", "", id="a link's address shows nothing"),
        pytest.param("```python title\nx = 1\n```", "python title\nx = 1", "x = 1", id="a fence but not its info"),
        pytest.param("    one\n    two\n", "two", "two", id="indented code"),
        pytest.param("| a | b |\n|--|--|\n| one | two |", "| one | two |", "onetwo", id="a table's row"),
        pytest.param("| a \\| z | b |\n|--|--|\n| one | two |", "z", "z", id="an escaped pipe"),
        pytest.param("> | a |\n> |--|\n> | one |", "one", "one", id="a table in a quote"),
        pytest.param("> quoted\n> words", "words", "words", id="a quote's second line"),
        pytest.param("1. first\n   - inner\n\n     more", "more", "more", id="a paragraph of an inner item"),
        pytest.param("Title of it\n====\n\nText", "of it", "of it", id="an underlined heading"),
        pytest.param("## A b ##\n", "b", "b", id="a closed heading"),
        pytest.param("中文句子。第二句在这里。", "第二句在这里。", "第二句在这里。", id="Chinese"),
        pytest.param("a &lt;b&gt; c", "&lt;b&gt;", "<b>", id="entities"),
        pytest.param("set <code>a.b</code> to <i>x</i>", "<code>a.b</code> to <i>x", "a.b to x", id="across tags"),
        pytest.param("<td>one</td><td>two</td>", "two", "two", id="a cell written as a tag"),
        pytest.param("a \\*b\\* c", "\\*b\\*", "*b*", id="escapes"),
        pytest.param("one\r\n\r\ntwo\r\nthree", "three", "three", id="carriage returns"),
        pytest.param("\tone\n\n- \ttwo three", "three", "three", id="tabs"),
        pytest.param("a\0b c", "b", "b", id="a zero character"),
        pytest.param("~~old~~ new", "~~old~~", "old", id="struck out"),
        pytest.param("two lines\nof text", "lines\nof", "linesof", id="over a line's end"),
    ],
)
def test_a_span_of_the_source_is_marked_in_the_text(source: str, quote: str, marked: str) -> None:
    start = source.rindex(quote)
    found = page_of(render(whole(source), [Span(start, start + len(quote), "1", "quote", "")], "en"))
    assert found.marked == marked


@pytest.mark.parametrize(
    ("source", "shown", "never"),
    [
        pytest.param("<script>alert(1)</script>", "<script>alert(1)</script>", "script", id="a script"),
        pytest.param("a <img src=x onerror=alert(1)> b", "image: ", "img", id="a picture's tag"),
        pytest.param("![secret](http://evil/x.png)", "image: secret", "img", id="an image"),
        pytest.param("[x](javascript:alert(1))", "x", "a", id="a link that runs"),
        pytest.param("[x](other.md)", "x", "a", id="a link to another file"),
        pytest.param("<javascript:alert(1)>", "javascript:alert(1)", "a", id="an address that runs"),
        pytest.param("[x]\n\n[x]: data:text/html,hi", "x", "a", id="a reference"),
        pytest.param("<iframe src=x>\n\n**a**\n\n</iframe>", "<iframe src=x>", "iframe", id="a block of HTML"),
        pytest.param("<b onclick=x()>a</b>", "a", "b", id="a tag that is understood"),
        pytest.param("``` <b>\n</code></pre><b>x\n```", "</code></pre><b>x", "b", id="code that closes itself"),
    ],
)
def test_nothing_a_document_writes_runs_or_loads(source: str, shown: str, never: str) -> None:
    page = page_of(render(whole(source), [], "en"))
    assert shown in page.shown
    assert never not in {tag for tag, _ in page.tags}


def test_links_to_the_web_leave_in_a_tab_of_their_own() -> None:
    (link,) = [a for tag, a in page_of(render(whole("[x](https://a.b/c)"), [], "en")).tags if tag == "a"]
    assert link["href"] == "https://a.b/c" and link["rel"] == "noopener noreferrer nofollow"


def test_headings_of_the_document_make_its_outline() -> None:
    text = "# One *two* `three`\n\na\n\n> # quoted\n\n## [Four](u)\n\nb\n\nFive\n---\n"
    rendered = render(whole(text), [], "en")
    assert [(h.level, h.title, h.start) for h in rendered.headings] == [
        (1, "One two three", 0),
        (2, "Four", text.index("## [")),
        (2, "Five", text.index("Five")),
    ]
    names = {a.get("id") for tag, a in page_of(rendered).tags if tag.startswith("h")}
    assert {f"doc-h-{h.start}" for h in rendered.headings} <= names


def test_a_block_of_several_chunks_tells_which_words_are_whose() -> None:
    text = "One two. Three four. Five six."
    spans = [(0, 8), (9, 20), (21, 30)]
    stretch = Stretch(0, text, tuple(Chunk(i, a, b, (), text[a:b], 2) for i, (a, b) in enumerate(spans)))
    (row,) = render(stretch, [], "en").rows
    assert row.chunks == (0, 1, 2)
    assert Page(row.html).by_chunk == {"0": "One two. ", "1": "Three four. ", "2": "Five six."}


def test_offsets_count_from_where_the_stretch_begins() -> None:
    text = "# T\n\nsome words"
    found = page_of(render(Stretch(100, text, ()), [Span(110, 115, "1", "quote", "")], "en"))
    assert found.marked == "words"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * 15_000, id="brackets"),
        pytest.param("*a " * 30_000, id="stars"),
        pytest.param("> " * 3_000 + "a", id="quotes in quotes"),
        pytest.param("- " * 3_000 + "a", id="lists in lists"),
        pytest.param("|a|\n|-|\n" + "|b|\n" * 3_000, id="a long table"),
        pytest.param("word " * 30_000, id="one long line"),
    ],
)
def test_hostile_documents_are_shown_like_any_other(text: str) -> None:
    page = page_of(render(whole(text), [Span(3, 40, "1", "q", "")], "en"))
    assert squeezed(page.shown)
