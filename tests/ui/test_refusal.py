"""What a question without an answer offers, and where nothing is offered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.ledger import Outcome
from rag.messages import LANGUAGES, Language, Reason, reason
from rag.ui.html.answer.refusal import ways_on
from rag.ui.state.turn import Turn
from tests.support.browsed import Page
from tests.support.searches import found_by, with_found

from .test_html import HOSTILE, answered, assert_harmless, hostile_turn

REFUSED = reason("stages.abstained", threshold=0.99, probability=0.98)


def refused(question: str = "nothing about rotating Klingon certificates", why: Reason = REFUSED) -> Turn:
    turn = answered(question)
    assert turn.ledger is not None
    return replace(turn, ledger=replace(turn.ledger, outcome=Outcome.ABSTAINED, reason=why))


def acts(html: str) -> list[str]:
    return [str(a["data-act"]) for _, a in Page(html).tags if "data-act" in a]


def test_near_misses_say_in_words_what_they_lack() -> None:
    shown = Page(ways_on(refused(), "en")).shown
    assert "operations/tls.md" in shown
    assert "0.090 is below the threshold 0.10 · does not hold" in shown
    assert "Klingon" in shown.partition("does not hold")[2][:20]
    assert "rotating" not in shown.partition("does not hold")[2][:20], "the passage says rotate"


def test_a_name_that_dropped_a_passage_is_not_said_to_be_missing_once_more() -> None:
    turn = refused("What does Klingon say of E-99?")
    why = reason("stages.without_name", names="E-99")
    found = found_by(turn)
    turn = with_found(turn, replace(found, candidates=tuple(replace(c, dropped=why) for c in found.candidates)))
    shown = Page(ways_on(turn, "en")).shown
    first = shown.partition("it has no E-99")[2].partition("it has no E-99")[0]
    assert "Klingon" in first
    assert "E-99" not in first


def test_other_searches_and_an_answer_anyway_are_one_click_away() -> None:
    html = ways_on(refused(), "en")
    offered = [str(a["data-query"]) for _, a in Page(html).tags if a.get("data-act") == "search-this"]
    assert 1 <= len(offered) <= 3
    assert acts(html)[-1] == "anyway"


@pytest.mark.parametrize(
    "why",
    [
        pytest.param(reason("stages.no_documents"), id="there is nothing to search"),
        pytest.param(reason("generation.over_budget", needed=9, budget=5), id="too long for the prompt"),
    ],
)
def test_nothing_is_offered_where_the_search_was_not_what_failed(why: Reason) -> None:
    assert ways_on(refused(why=why), "en") == ""


def test_nothing_is_offered_on_an_answer() -> None:
    assert ways_on(answered(), "en") == ""


def test_without_candidates_nothing_can_be_answered_anyway() -> None:
    turn = refused("nothing of the Klingon kind", reason("stages.nothing_matches"))
    bare = with_found(turn, replace(found_by(turn), candidates=()))
    assert "anyway" not in acts(ways_on(bare, "en"))
    assert "search-this" in acts(ways_on(bare, "en"))


def test_what_the_user_switched_off_is_no_ground_for_an_answer() -> None:
    turn = refused()
    banned = tuple(c.stored.id for c in turn.candidates)
    options = replace(found_by(turn).options, banned=banned)
    turn = with_found(turn, replace(found_by(turn), options=options))
    assert "anyway" not in acts(ways_on(turn, "en"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_questions_and_passages_stay_text(language: Language) -> None:
    turn = replace(hostile_turn(), question=f"{HOSTILE} rotating")
    assert turn.ledger is not None
    turn = replace(turn, ledger=replace(turn.ledger, outcome=Outcome.ABSTAINED, reason=REFUSED))
    assert_harmless(ways_on(turn, language))
