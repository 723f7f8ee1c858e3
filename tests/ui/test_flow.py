"""Rank flow as a picture: every candidate has its line, every cut its place, and the table says the same."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markupsafe import Markup

from rag.retrieval.fusion import fuse_again
from rag.retrieval.selection import reselect
from rag.types import Candidate, Chunk, Fusion, Ranked, Retrieval, RetrievalOptions, StoredChunk
from rag.ui.html.evidence.flow import CUT, HEAD, anchor, flow, flow_sheet, geometry_of
from tests.support.searches import search

HOSTILE = '"><img src=x onerror=alert(1)>.md'


def retrieval(count: int, options: RetrievalOptions, *, document: str = "guide {}.md") -> Retrieval:
    """`count` candidates: dense order as it comes, full text backwards for every second, odds falling."""
    found = [
        Candidate(
            StoredChunk(f"c{i}", document.format(i), "", "en", Chunk(i, 0, 9, ("Guide",), f"passage number {i}", 3)),
            dense=Ranked(i + 1, 0.9),
            full_text=Ranked(count // 2 - i // 2, 4.0) if i % 2 else None,
            log_odds=3.0 - i,
        )
        for i in range(count)
    ]
    return reselect(Retrieval("q", options, tuple(fuse_again(found, Fusion()))), options)


def places(html: str, pattern: str) -> list[float]:
    return [float(y) for y in re.findall(pattern, html)]


@pytest.mark.parametrize("count", [1, 20, 100, 200])
def test_every_candidate_has_a_line_a_name_and_a_row(count: int) -> None:
    one = retrieval(count, RetrievalOptions(candidates=100, contexts=6, threshold=0.1))
    html = flow(search(one), "en", turn=3)
    assert len(re.findall(r"<g class=", html)) == count
    assert len(re.findall(r'<li class="(?:kept|dropped)" data-c=', html)) == count
    assert len(re.findall(r"<tr><td>", html)) == count
    assert set(re.findall(r'href="#([^"]+)"', html)) == {anchor(c, 3) for c in one.candidates}
    height = int(re.findall(r'<svg width="100%" height="(\d+)"', html)[0])
    assert all(HEAD <= y <= height for y in places(html, r'cy="([\d.]+)"'))


def test_kept_and_dropped_differ_by_more_than_colour() -> None:
    one = retrieval(8, RetrievalOptions(candidates=8, contexts=2, threshold=0.1))
    html = flow(search(one), "en", turn=1)
    assert html.count('<g class="kept"') == 2
    assert html.count('<b class="flow-n" aria-hidden="true">×</b>') == 6
    assert "beyond the 2 contexts kept" in html


def test_the_cuts_stand_where_the_reasons_begin() -> None:
    options = RetrievalOptions(candidates=5, contexts=2, threshold=0.5)
    one = retrieval(8, options)
    geometry = geometry_of(one, "en")
    codes = [c.dropped.code if c.dropped else "" for c in one.candidates]
    assert [cut.before for cut in geometry.cuts] == [
        codes.index("stages.beyond_contexts"),
        codes.index("stages.below_threshold"),
        codes.index("stages.beyond_candidates"),
    ]
    assert [cut.label for cut in geometry.cuts] == ["beyond 2 contexts", "below 0.50", "beyond 5 candidates"]
    before, after = geometry.final(geometry.cuts[0].before - 1), geometry.final(geometry.cuts[0].before)
    assert after - before == geometry.row + CUT, "a cut makes room for its name"
    assert geometry.fused(6) - geometry.fused(5) == geometry.row + CUT


def test_two_cuts_at_one_place_share_a_line() -> None:
    one = retrieval(4, RetrievalOptions(candidates=2, contexts=9, threshold=0.99))
    only = replace(one, candidates=(one.candidates[-1],))
    assert len(geometry_of(only, "en").cuts) == 1


def test_a_candidate_one_search_did_not_find_has_no_dot_there() -> None:
    html = flow(search(retrieval(1, RetrievalOptions())), "en", turn=1)
    assert html.count("<circle") == 3, "dense, fused and final; full text did not find it"


def test_names_of_documents_stay_text_and_both_languages_have_their_words() -> None:
    one = retrieval(3, RetrievalOptions(), document=HOSTILE)
    html = flow_sheet([search(one)], "en", turn=1, tools=Markup()) + flow_sheet(
        [search(one)], "zh", turn=1, tools=Markup()
    )
    assert "<img" not in html
    assert "名次走向" in html


def test_links_lead_to_the_cards_as_they_are_shown_not_as_they_would_be() -> None:
    actual = retrieval(4, RetrievalOptions(contexts=1))
    again = reselect(actual, replace(actual.options, banned=("c0",)))
    html = flow(search(again), "en", turn=1, shown_as=search(actual))
    assert set(re.findall(r'href="#([^"]+)"', html)) == {anchor(c, 1) for c in actual.candidates}


def test_nothing_found_is_a_sentence() -> None:
    assert "<svg" not in flow(search(Retrieval("q", RetrievalOptions(), ())), "en", turn=1)


def test_without_a_reranker_the_last_column_is_not_called_reranked() -> None:
    options = RetrievalOptions(rerank=False)
    html = flow(search(reselect(retrieval(3, RetrievalOptions()), options)), "en", turn=1)
    assert ">Reranked<" not in html
    assert ">Final</text>" in html
