"""A document beside an answer: where its chunks stand, what is highlighted, and what the record still tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from rag.evidence.document_view import DocumentState, Heat, HighlightKind, reading
from rag.evidence.kept import CitedIn
from rag.ledger import Citation, Ledger, Match, Outcome, Quote
from rag.messages import Language, reason
from rag.status import ModelInfo
from rag.types import Candidate, Chunk, Retrieval, RetrievalOptions, StoredChunk
from rag.ui.html.reading.viewer import MOST_SHOWN, ViewTarget, viewer
from tests.support.browsed import Page
from tests.support.searches import search, with_found

TEXTS = ["# T\n\nThe gate opens at noon. It closes at dusk.", "## Fuel\n\nDiesel is sold.", "## End\n\nNothing more."]


def chunks_of(texts: Sequence[str] = TEXTS, *, sha256: str = "a" * 64, document: str = "guide.md") -> list[StoredChunk]:
    found: list[StoredChunk] = []
    start = 0
    for index, text in enumerate(texts):
        chunk = Chunk(index, start, start + len(text), ("T", f"H{index}"), text, 5)
        found.append(StoredChunk(f"{sha256[:2]}{index}", document, sha256, "en", chunk, "main"))
        start += len(text) + 2
    return found


def answered(candidates: Sequence[Candidate], *, cited: Sequence[int] = (1,), quotes: Sequence[Quote] = ()) -> Ledger:
    options = RetrievalOptions()
    return Ledger(
        "When does the gate open?",
        options,
        (search(Retrieval("gate open", options, tuple(candidates))),),
        (),
        (),
        "At noon [1].",
        tuple(Citation(n, 8, 11, True) for n in cited),
        Outcome.GENERATED,
        None,
        {"reranker": ModelInfo("r", "1", "cpu", "float32", score_name="p_yes")},
        "test",
        0.0,
        "a1",
        quotes=tuple(quotes),
    )


SENT, JUDGED, _ = chunks_of()
CANDIDATES = [
    Candidate(SENT, log_odds=2.0, rank=1, number=1),
    Candidate(JUDGED, log_odds=-2.0, rank=2, dropped=reason("stages.below_threshold", probability=0.1, threshold=0.2)),
]


def test_every_chunk_says_where_it_stands() -> None:
    read = reading("guide.md", "main", chunks_of(), answered(CANDIDATES))
    assert [place.heat for place in read.places] == [Heat.SENT, Heat.JUDGED, Heat.NEVER]
    unjudged = [replace(CANDIDATES[0], log_odds=None, number=None)]
    assert reading("guide.md", "main", chunks_of(), answered(unjudged)).places[0].heat is Heat.SEARCHED


def test_without_a_question_no_chunk_has_a_standing() -> None:
    read = reading("guide.md", "", chunks_of())
    assert (read.state, read.ledger, read.highlights) == (DocumentState.CURRENT, None, ())
    assert all(place.candidate is None for place in read.places)


def test_quotes_are_highlighted_where_they_stand() -> None:
    text = SENT.chunk.text
    noon, dusk = text.index("opens"), text.index("closes")
    quotes = [
        Quote(1, "opens at noon", Match.EXACT, 1.0, noon, noon + 13, 8),
        Quote(1, "closes at dawn", Match.CLOSE, 0.9, dusk, dusk + 14, 8),
        Quote(1, "never", Match.MISSING, 0.2, 0, 0, 8),
        Quote(2, "not cited", Match.EXACT, 1.0, 0, 4, 8),
    ]
    read = reading("guide.md", "main", chunks_of(), answered(CANDIDATES, quotes=quotes))
    assert [(h.start, h.end, h.number, h.kind) for h in read.highlights] == [
        (noon, noon + 13, 1, HighlightKind.QUOTE),
        (dusk, dusk + 14, 1, HighlightKind.CLOSE),
    ]


def test_without_quotes_the_best_sentence_of_what_is_cited_stands_in() -> None:
    (best,) = reading("guide.md", "main", chunks_of(), answered(CANDIDATES)).highlights
    assert SENT.chunk.text[best.start : best.end] == "The gate opens at noon."
    other = with_found(answered(CANDIDATES), Retrieval("qqq", RetrievalOptions(), tuple(CANDIDATES)))
    (whole,) = reading("guide.md", "main", chunks_of(), other).highlights
    assert (whole.start, whole.end, whole.kind) == (0, len(SENT.chunk.text), HighlightKind.WHOLE)
    assert reading("guide.md", "main", chunks_of(), answered(CANDIDATES, cited=())).highlights == ()


@pytest.mark.parametrize(
    ("now", "state"),
    [
        pytest.param([], DocumentState.GONE, id="gone"),
        pytest.param(chunks_of(["Other text."], sha256="b" * 64), DocumentState.CHANGED, id="changed"),
        pytest.param(chunks_of(["Other text.", *TEXTS]), DocumentState.CHANGED, id="the same file read another way"),
    ],
)
def test_what_is_gone_or_changed_is_read_from_the_record(now: list[StoredChunk], state: DocumentState) -> None:
    read = reading("guide.md", "main", now, answered(CANDIDATES))
    assert read.state is state
    assert [place.stored for place in read.places] == [SENT, JUDGED]
    page = shown(viewer(read, 3, ViewTarget(), "en", score_name="p_yes"))
    assert "what the answer kept of it" in page.shown and "The gate opens at noon." in page.shown
    assert "Other text." not in page.shown


def test_chunks_the_answer_did_not_keep_are_a_gap() -> None:
    first, _, third = chunks_of()
    kept = [Candidate(first, log_odds=1.0, rank=1, number=1), Candidate(third, log_odds=0.0, rank=2, number=2)]
    page = shown(viewer(reading("guide.md", "main", [], answered(kept)), 1, ViewTarget(), "en", score_name=""))
    assert f"Characters {first.chunk.end}–{third.chunk.start} were not among the candidates" in page.shown


def test_a_document_of_the_same_name_in_another_knowledge_base_is_another() -> None:
    read = reading("guide.md", "second", chunks_of(), answered(CANDIDATES))
    assert all(place.candidate is None for place in read.places) and read.highlights == ()


# ---- on the page ----------------------------------------------------------------------------------------------------


def shown(html: str) -> Page:
    return Page(html)


def buttons(page: Page, act: str) -> list[dict[str, str | None]]:
    return [attrs for tag, attrs in page.tags if tag == "button" and attrs.get("data-act") == act]


def test_the_gutter_says_every_number_in_words() -> None:
    read = reading("guide.md", "main", chunks_of(), answered(CANDIDATES))
    page = shown(viewer(read, 3, ViewTarget(), "en", score_name="p_yes"))
    first, second, third = buttons(page, "doc-chunk")
    assert first["aria-label"] == "Passage 1: sent as context [1] · P(yes) 0.881 · 5 tokens · characters 0–47"
    assert second["aria-label"] == "Passage 2: not sent · P(yes) 0.119 · 5 tokens · characters 49–73"
    assert str(third["aria-label"]).startswith("Passage 3: not a candidate · 5 tokens")
    assert all(each["title"] == each["aria-label"] for each in (first, second, third))
    assert "--heat:88%" in str(first["style"]) and "--heat" not in str(third["style"])


def test_what_is_told_of_a_passage_leads_to_its_card_and_to_why_not() -> None:
    read = reading("guide.md", "main", chunks_of(), answered(CANDIDATES))
    page = shown(viewer(read, 3, ViewTarget(), "en", score_name=""))
    assert [b["data-id"] for b in buttons(page, "doc-card")] == ["ev-3-1", "ev-3-r2"]
    assert [b["data-chunk"] for b in buttons(page, "why-chunk")] == ["aa1", "aa2"], "not of the one that was sent"
    assert [b["data-text"] for b in buttons(page, "copy")][1] == "guide.md › T › H1, characters 49–73"


def test_without_a_question_the_gutter_tells_who_cited_what() -> None:
    cited = CitedIn("c1", "Gates", "a1", "When <b>does</b> it open?")
    read = reading("guide.md", "main", chunks_of(), None, {"aa0": [cited, cited]})
    page = shown(viewer(read, 0, ViewTarget(), "en", score_name=""))
    first, second, _ = buttons(page, "doc-chunk")
    assert first["aria-label"] == "Passage 1: 5 tokens · characters 0–47 · cited in 2 of your answers"
    assert second["aria-label"] == "Passage 2: 5 tokens · characters 49–73"
    assert "When <b>does</b> it open?" in page.shown
    assert not buttons(page, "why-chunk") and not buttons(page, "doc-card")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_hostile_document_names_no_tag(language: Language) -> None:
    evil = "<img src=x onerror=alert(1)>\"'&"
    chunk = Chunk(0, 0, len(evil), (evil,), evil, 5)
    stored = StoredChunk('"><script>', evil, '"><b>', '"><i>', chunk, '"><u>')
    ledger = replace(answered([Candidate(stored, log_odds=1.0, rank=1, number=1)]), question=evil)
    read = reading(evil, '"><u>', [stored], ledger, {stored.id: [CitedIn('"><u>', evil, evil, evil)]})
    page = shown(viewer(read, 1, ViewTarget('"><script>'), language, score_name=""))
    assert not {tag for tag, _ in page.tags} & {"img", "script", "u"}
    assert not any(name.startswith("on") for _, attrs in page.tags for name in attrs)


def test_a_long_document_is_shown_in_parts_and_opens_at_the_chunk() -> None:
    texts = [f"## H{n}\n\n" + "word " * 2_000 for n in range(40)]
    read = reading("guide.md", "main", chunks_of(texts))
    first = viewer(read, 0, ViewTarget(), "en", score_name="")
    assert "Part 1 of 3" in first and len(shown(first).shown) < 2 * MOST_SHOWN
    there = viewer(read, 0, ViewTarget("aa39"), "en", score_name="")
    assert "Part 3 of 3" in there and 'data-target="doc-at-39"' in there and 'id="doc-at-39"' in there
    assert "Part 2 of 3" in viewer(read, 0, ViewTarget(part=1), "en", score_name="")
    assert "Part 3 of 3" in viewer(read, 0, ViewTarget(part=99), "en", score_name="")


def test_the_file_is_offered_of_the_document_that_is_shown_alone() -> None:
    name = 'a "b"&c.md'
    read = reading(name, "main", chunks_of(document=name))

    def links(page: Page) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in page.tags if tag == "a"]

    (link,) = links(shown(viewer(read, 0, ViewTarget(), "en", score_name="p_yes", original=True)))
    assert link["href"] == "original?name=a+%22b%22%26c.md&base=main" and "download" in link
    assert links(shown(viewer(read, 0, ViewTarget(), "en", score_name="p_yes"))) == []
    changed = reading("guide.md", "main", chunks_of(["Other."], sha256="b" * 64), answered(CANDIDATES))
    assert links(shown(viewer(changed, 1, ViewTarget(), "en", score_name="p_yes", original=True))) == []
