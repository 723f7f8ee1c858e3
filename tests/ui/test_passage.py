"""A passage on its card: a sentence in plain words, and the whole as the viewer renders it, with its marks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.types import Chunk
from rag.ui.html.highlights import Highlights
from rag.ui.html.reading.passage import PassageView, beginning, in_words, view, whole
from tests.support.browsed import Page

TABLE = "| Berth | Interval |\n| --- | --- |\n| Willow | **5 months** |\n| Oak | 6 months |\n"
GUIDE = """## Ropes

Ropes of *every* berth are [inspected](rules.md) each spring. A worn rope is cut up.

```yaml
interval: 5  # <months>
```

- Chains are `oiled`.
"""


def chunk_of(text: str, lead: str = "") -> Chunk:
    return Chunk(0, 0, len(text), (), text, 9, lead)


def seen(text: str, query: str, *quoted: str, lead: str = "") -> PassageView:
    spans = tuple((number, (text.index(words), text.index(words) + len(words))) for number, words in enumerate(quoted))
    return view(chunk_of(text, lead), query, spans, "en")


@pytest.mark.parametrize(
    ("text", "query", "sentence"),
    [
        pytest.param(GUIDE, "When are ropes inspected?", "Ropes of every berth are inspected each spring.", id="marks"),
        pytest.param(GUIDE, "interval", "interval: 5 # <months>", id="code"),
        pytest.param(GUIDE, "chains", "Chains are oiled.", id="an item"),
        pytest.param(TABLE, "How often is Willow inspected?", "Willow: Interval 5 months", id="a row"),
        pytest.param(GUIDE, "zebra", "Ropes of every berth are inspected each spring. A worn rope is cut up. "
                     "interval: 5 # <months> Chains are oiled.", id="none stands out"),
        pytest.param("<!-- x -->\n", "zebra", "<!-- x -->", id="nothing to read"),
        pytest.param("word " * 100, "word", "word " * 64 + "…", id="a long one"),
    ],
)  # fmt: skip
def test_a_card_opens_with_a_sentence_in_plain_words(text: str, query: str, sentence: str) -> None:
    assert Page(seen(text, query).sentence).shown == sentence


def test_the_sentence_the_answer_quotes_comes_before_the_one_that_fits_best() -> None:
    shown = seen(GUIDE, "When are ropes inspected?", "worn rope", "oiled")
    assert Page(shown.sentence).shown == "A worn rope is cut up."
    assert 'data-quotes="0"' in shown.whole and 'data-quotes="1"' in shown.whole


def test_the_whole_is_rendered_with_its_marks() -> None:
    page = Page(seen(GUIDE, "When are ropes inspected?", "*every* berth").whole)
    assert {"p", "pre", "code", "ul", "li", "em", "mark"} <= {tag for tag, _ in page.tags}
    assert not {tag for tag, _ in page.tags} & {"h1", "h2", "h3", "h4", "h5", "h6"}
    assert not [about for _, about in page.tags if about.get("id")], "cards repeat places of a document"
    for sign in ("##", "```", "](", "*", "`"):
        assert sign not in page.shown
    assert "<months>" in page.shown
    assert "Ropes of every berth are inspected each spring." in page.marked


def test_a_table_that_was_cut_keeps_its_head_and_is_marked_in_its_cells() -> None:
    lead, text = "| Berth | Interval |\n| --- | --- |", "| Willow | 5 months |\n| Oak | 6 months |\n"
    shown = seen(text, "How often is Willow inspected?", "5 months", lead=lead)
    page = Page(shown.whole)
    assert [tag for tag, _ in page.tags if tag in ("th", "td")] == ["th"] * 2 + ["td"] * 4
    assert page.marked == "Willow5 months"
    assert Page(shown.sentence).shown == "Willow: Interval 5 months"


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("**a** `b`", "a b"),
        ("- [x](y) and\n- z", "x and z"),
        ("|a|\n|-|\n|b|", "a b"),
        ("5 * 3 < 20", "5 * 3 < 20"),
        ("a <b>", "a <b>"),
        ("", ""),
        ("***", "***"),
    ],
)
def test_markdown_in_words(markdown: str, words: str) -> None:
    assert in_words(markdown) == words


@given(st.text(alphabet="ab*`|<>#[]()\n -", max_size=60), st.tuples(st.integers(0, 60), st.integers(0, 60)))
def test_marks_change_nothing_of_what_is_shown(text: str, span: tuple[int, int]) -> None:
    chunk = chunk_of(text)
    plain = Page(whole(chunk, Highlights(), "en"))
    marked = Page(whole(chunk, Highlights(best=(3, 9), terms=[(min(span), max(span))], quotes={1: (0, 20)}), "en"))
    assert marked.shown == plain.shown
    assert [tag for tag, _ in marked.tags if tag != "mark"] == [tag for tag, _ in plain.tags]
    assert beginning(chunk) or not text.strip()
