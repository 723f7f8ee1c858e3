"""The steps of an answer on the page: what went in, what came out and what it cost, each open to its evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rag.evidence.export import export_markdown
from rag.ledger import Author, Search
from rag.messages import LANGUAGES, Language, reason
from rag.types import Candidate, Chunk, Ranked, Retrieval, RetrievalOptions, StoredChunk
from rag.types.steps import AnswerStep, StepAuthor, StepKind, StepOption, StepRow, StepTable
from rag.ui.html.answer import steps
from rag.ui.state.turn import Turn
from tests.support.browsed import Page

from .test_html import HOSTILE, answered, assert_harmless


def candidate(place: int, *, kept: bool, document: str = "guide.md") -> Candidate:
    stored = StoredChunk(f"c{place}", document, "", "en", Chunk(place, 0, 9, (HOSTILE,), f"passage {place}", 3))
    dropped = None if kept else reason("stages.below_threshold", probability=0.1, threshold=0.5)
    number = place if kept else None
    return Candidate(stored, Ranked(place, 0.5), log_odds=1.0, rank=place, number=number, dropped=dropped)


def searched(number: int, *candidates: Candidate) -> Search:
    options = RetrievalOptions()
    return Search(number, "hnsw", Author.RULE, options, retrieval=Retrieval("hnsw", options, candidates))


def step(number: int, **told: Any) -> AnswerStep:
    of = AnswerStep(number, StepKind.SEARCH, StepAuthor.RULE, reason("steps.first"), milliseconds=12.0, search=number)
    return replace(of, **told)


def stepped(*taken: AnswerStep, searches: tuple[Search, ...] = ()) -> Turn:
    turn = answered()
    assert turn.ledger is not None
    return replace(turn, steps=taken, searches=searches, ledger=replace(turn.ledger, steps=taken))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_step_shows_what_it_was_given_what_it_found_and_what_it_cost(language: Language) -> None:
    found = tuple(candidate(place, kept=place < 3) for place in range(1, 10))
    second = step(2, query=HOSTILE, purpose=HOSTILE, documents=(HOSTILE,), tokens=210, found=9, kept=2, parent=0)
    third = step(3, parent=1, author=StepAuthor.MODEL)
    shown = steps.kept(stepped(step(1), second, third, searches=(searched(2, *found), searched(3))), language)
    assert_harmless(shown)
    assert "36 ms" in shown.split("</summary>")[0]
    assert shown.count("210") == 2, "in the headline and on the step"
    page = Page(shown)
    assert [a["href"] for tag, a in page.tags if tag == "a"][:3] == ["#ev-1-1", "#ev-1-2", "#ev-1-s2r3"]
    assert [(a["data-turn"], a["data-search"]) for _, a in page.tags if a.get("data-act") == "flow"] == [("1", "2")]


def test_the_passages_of_a_step_end_where_the_rank_flow_goes_on() -> None:
    found = tuple(candidate(place, kept=False) for place in range(1, 41))
    shown = steps.kept(stepped(step(1), searches=(searched(1, *found),)), "en")
    assert shown.count("<a href=") == steps.PASSAGES
    assert "and 34 more, in the rank flow" in shown


def test_every_passage_that_was_sent_is_shown() -> None:
    found = tuple(candidate(place, kept=True) for place in range(1, 13))
    assert steps.kept(stepped(step(1), searches=(searched(1, *found),)), "en").count("<a href=") == 12


def test_a_failed_step_still_tells_its_time_and_a_running_one_tells_none() -> None:
    failed = step(1, note=reason("stages.stopped"), failed=True)
    assert "12 ms" in steps.kept(stepped(failed), "en")
    running = steps.live(stepped(step(1, milliseconds=None)), "en")
    assert 'aria-current="step"' in running
    assert " ms" not in running


@pytest.mark.parametrize("language", LANGUAGES)
def test_saved_steps_stand_without_links_or_buttons(language: Language) -> None:
    table = StepTable(reason("steps.lists_all", count=1), ("name",), (StepRow((HOSTILE,), HOSTILE),), 1, True)
    option = StepOption(StepKind.READ, False, reason("steps.no_link_fits"))
    ledger = stepped(step(1, options=(option,)), step(2, table=table), searches=(searched(1),)).ledger
    assert ledger is not None
    shown = steps.saved(ledger, language)
    assert_harmless(shown)
    assert not {tag for tag, _ in Page(shown).tags} & {"a", "button"}
    assert "<dl" in shown and "<details" in shown


def test_an_export_lists_the_steps_and_lets_no_markup_through() -> None:
    ledger = stepped(step(1, query=HOSTILE, found=9, kept=2), step(2, kind=StepKind.ANSWER, search=0)).ledger
    assert ledger is not None
    said = export_markdown([ledger], "en", title="")
    assert "**2 steps**" in said
    assert "found 9, 2 sent" in said
    assert "<img" not in said.replace("\\<img", "")
