"""What-if and comparison: nothing is searched, hostile values are clamped, and nobody sees another's answers."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import gradio as gr
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.ledger import Ledger, Outcome
from rag.messages import LANGUAGES, reason
from rag.options import TABLE, balance_of
from rag.retrieval.selection import reselect
from rag.types import Conflict, Fusion, Mode, Ranked, Retrieval, RetrievalOptions
from rag.ui.handlers.chat import Handlers
from rag.ui.handlers.visitor import key_of
from rag.ui.handlers.whatif import WhatIf
from rag.ui.html.evidence import similar
from rag.ui.html.evidence.compare import comparison, inline, pending
from rag.ui.html.evidence.whatif import preview, whatif_sheet
from rag.ui.state.options import clamped, packed, what_if
from tests.support.evidence import candidate
from tests.support.scripted_service import ScriptedService
from tests.support.searches import search

from .test_handlers import ALICE, BOB, ask, clicked, finish, handlers, service, session

__all__ = ["handlers", "service"]  # fixtures

HOSTILE = "<img src=x onerror=alert(1)>"
MAX_CONTEXTS = int(TABLE["contexts"].high)
OPTIONS = RetrievalOptions(candidates=4, contexts=2, threshold=0.5)


def found(*names: str) -> Retrieval:
    several = tuple(
        replace(
            candidate(f"passage {name}", document=f"{name}.md", path=("Guide",), log_odds=3.0 - i),
            stored=replace(candidate(f"passage {name}", document=f"{name}.md", path=("Guide",)).stored, id=name),
            dense=Ranked(i + 1, 0.5),
        )
        for i, name in enumerate(names)
    )
    return reselect(Retrieval("q", OPTIONS, several), OPTIONS)


FOUND = found("a", "b", "c", "d")


# ---- options --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, OPTIONS),
        ({"contexts": 10**9, "candidates": -5}, {"contexts": MAX_CONTEXTS, "candidates": 1}),
        ({"threshold": 7}, {"threshold": 1.0}),
        ({"contexts": "3", "threshold": math.nan, "rerank": "no", "balance": None}, OPTIONS),
        ({"pinned": ["d", "x", "d", 7], "banned": "all"}, {"pinned": ("d",)}),
        ({"banned": ["a", {"b": 1}, "<script>"]}, {"banned": ("a",)}),
        ({"rerank": False}, {"rerank": False}),
        ({"balance": 0.25}, {"dense_weight": 0.5, "full_text_weight": 1.5}),
        ({"balance": 0}, {"dense_weight": 0.0, "full_text_weight": 2.0}),
    ],
)  # fmt: skip
def test_what_a_browser_sends_is_clamped(sent: dict[str, Any], expected: RetrievalOptions | dict[str, Any]) -> None:
    wanted = expected if isinstance(expected, RetrievalOptions) else replace(OPTIONS, **expected)
    assert what_if(sent, [search(FOUND)]) == wanted


@given(st.floats(0, 1))
def test_the_balance_is_what_the_weights_say_to_a_step_of_the_slider(balance: float) -> None:
    assert balance_of(clamped({"balance": balance}, RetrievalOptions())) == pytest.approx(balance, abs=0.025)


def test_weights_that_no_slider_moved_stay_as_they_were() -> None:
    options = RetrievalOptions(dense_weight=3.0, full_text_weight=1.0)
    assert clamped(packed(options), options) == options
    assert balance_of(RetrievalOptions(dense_weight=0.0, full_text_weight=0.0)) == 0.5


# ---- what is shown --------------------------------------------------------------------------------------------------


def changed(**sent: Any) -> str:
    again = reselect(FOUND, what_if(sent, [search(FOUND)]))
    return preview([search(FOUND)], [search(again)], "en", turn=7, number=3)


def test_the_preview_says_what_entered_left_and_moved_with_the_tokens() -> None:
    html = changed(contexts=3, banned=["a"])
    assert 'data-number="3"' in html
    assert "2 entered, 1 left, 1 moved" in html, "c and d enter, a leaves, b becomes the first"
    assert "3 passages (were 2)" in html
    assert "6 tokens (were 4)" in changed(contexts=3)
    assert '<del class="whatif-tag">left</del>' in changed(contexts=1)
    assert '<ins class="whatif-tag">entered</ins>' in changed(contexts=3)
    assert "was 2" in changed(pinned=["b"])
    assert "switched off by you" in changed(banned=["a"])


def test_answering_again_is_offered_once_something_changed_and_something_is_sent() -> None:
    offered = re.compile(r'data-act="whatif-answer"[^>]*')
    assert "disabled" in offered.findall(changed())[0]
    assert "disabled" not in offered.findall(changed(contexts=3))[0]
    assert "disabled" in offered.findall(changed(banned=["a", "b", "c", "d"]))[0]


def test_controls_that_could_change_nothing_are_not_there() -> None:
    unjudged = reselect(FOUND, replace(OPTIONS, rerank=False))
    sheet = whatif_sheet([search(unjudged)], "en", turn=1)
    assert 'name="threshold"' not in sheet
    assert 'name="rerank"' not in sheet
    foreign = replace(FOUND, fusion=Fusion(dense_weight=0.0))
    assert 'name="balance"' not in whatif_sheet([search(foreign)], "en", turn=1)
    dense = replace(FOUND, options=replace(OPTIONS, mode=Mode.DENSE))
    assert 'name="balance"' not in whatif_sheet([search(dense)], "en", turn=1)
    assert 'name="balance"' in whatif_sheet([search(FOUND)], "en", turn=1)


def test_names_stay_text_everywhere() -> None:
    hostile = found("a", HOSTILE)
    twin = replace(hostile.candidates[1], number=None, similar_to="a")
    shown = replace(hostile, candidates=(hostile.candidates[0], twin))
    for language in LANGUAGES:
        html = whatif_sheet([search(hostile)], language, turn=1) + similar.similar(
            shown.candidates[0], [search(shown)], language, turn=1
        )
        assert "<img" not in html
        assert "&lt;img" in html


def test_a_card_names_what_it_stands_for_and_leads_there() -> None:
    twins = [replace(c, number=None, similar_to="a") for c in FOUND.candidates[1:3]]
    shown = replace(FOUND, candidates=(FOUND.candidates[0], *twins, FOUND.candidates[3]))
    html = similar.similar(shown.candidates[0], [search(shown)], "en", turn=4)
    assert "+2 similar" in html
    assert re.findall(r'href="#([^"]+)"', html) == ["ev-4-r2", "ev-4-r3"]
    assert similar.similar(shown.candidates[3], [search(shown)], "en", turn=4) == ""


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"left": "20 MB.", "right": "50 MB."}, ["<mark>20</mark>", "<mark>50</mark>"]),
        ({"only": "a.md", "text": "Tell <b>me</b>."}, ["<mark>Tell &lt;b&gt;me&lt;/b&gt;.</mark>"]),
        ({}, ['href="#ev-2-1"', 'href="#ev-2-2"']),
    ],
    ids=["differ", "only one says it", "different parts"],
)
def test_a_conflict_is_named_with_what_differs(values: dict[str, str], expected: list[str]) -> None:
    kind = "differ" if "left" in values else "adds" if values else "versions"
    why = reason(f"duplicates.{kind}", first="a.md", second="b.md", **values)
    html = similar.conflicts([search(replace(FOUND, conflicts=(Conflict("a", "b", why),)))], "en", turn=2)
    assert all(one in html for one in expected)
    assert "a.md" in html
    assert "b.md" in html


def test_a_conflict_with_what_is_not_sent_is_not_shown() -> None:
    why = reason("duplicates.versions", first="a.md", second="c.md")
    assert similar.conflicts([search(replace(FOUND, conflicts=(Conflict("a", "c", why),)))], "en", turn=2) == ""


# ---- comparison -----------------------------------------------------------------------------------------------------


def ledger(answer: str, retrieval: Retrieval = FOUND, **changes: Any) -> Ledger:
    made = Ledger(
        "q?",
        retrieval.options,
        (search(retrieval),),
        (),
        (),
        answer,
        (),
        Outcome.GENERATED,
        None,
        {},
        "offline",
        0.0,
        "id1",
    )
    return replace(made, **changes)


def test_two_answers_stand_side_by_side_with_what_changed_marked() -> None:
    again = reselect(FOUND, replace(OPTIONS, contexts=3))
    html = comparison(ledger("Same. The limit is 20."), ledger("Same. The limit is 50.", again), "en", turn=1)
    assert "<del>20</del>" in html
    assert "<ins>50</ins>" in html
    assert '<li class="same">' in html
    assert "Contexts, at most: 2" in html
    assert "Contexts, at most: 3" in html
    assert "1 entered, 0 left" in html


def test_the_same_words_from_another_passage_are_said_to_be() -> None:
    again = reselect(FOUND, replace(OPTIONS, banned=("a",)))
    moved = comparison(ledger("It is so [1]."), ledger("It is so [1].", again), "en", turn=1)
    assert "now from other passages" in moved
    renumbered = comparison(ledger("It is so [2]."), ledger("It is so [1].", again), "en", turn=1)
    assert "now from other passages" not in renumbered


def test_answers_to_different_questions_name_them() -> None:
    edited = comparison(ledger("It is."), ledger("It is.", question="<q2>?"), "en", turn=1)
    assert "&lt;q2&gt;?" in edited
    assert "compare-question" not in comparison(ledger("It is."), ledger("It is."), "en", turn=1)


def test_an_answer_that_is_none_says_why() -> None:
    none = ledger("", outcome=Outcome.ABSTAINED, reason=reason("stages.nothing_matches"))
    html = comparison(ledger("It is."), none, "en", turn=1)
    assert "No passage of your documents matches" in html


def test_answers_stay_text() -> None:
    for html in (
        comparison(ledger(HOSTILE), ledger("x"), "en", turn=1),
        pending(ledger(HOSTILE), OPTIONS, "zh", turn=1),
    ):
        assert "<img" not in html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("use `a<b` now", "use <code>a&lt;b</code> now"),
        ("**very** so", "<b>very</b> so"),
        ("a ` alone and ** too", "a ` alone and ** too"),
        ("`<script>`", "<code>&lt;script&gt;</code>"),
    ],
)
def test_code_and_emphasis_in_a_sentence_are_shown_as_such(text: str, html: str) -> None:
    assert inline(text) == html


# ---- handlers -------------------------------------------------------------------------------------------------------


def test_a_preview_asks_the_service_nothing(service: ScriptedService, handlers: Handlers) -> None:
    ask(handlers, "How do I rotate certificates?")
    html = WhatIf(handlers).preview(ALICE, clicked(turn=1, contexts=1, number=9), "t1")
    assert "1 passage (were 3)" in html
    assert len(service.asked) == 1


def test_answering_again_reuses_the_answer_and_stands_beside_it(service: ScriptedService, handlers: Handlers) -> None:
    ask(handlers, "How do I rotate certificates?")
    first = session(handlers).last
    assert first is not None
    *_, sheet = WhatIf(handlers).answer(ALICE, clicked(turn=1, contexts=1, banned=["c" + "0" * 31]), "t1")
    assert 'data-turn="2"' in sheet
    finish(handlers)
    request = service.asked[-1]
    assert request.given == first.ledger
    assert (request.options.contexts, request.options.banned) == (1, ("c" + "0" * 31,))
    second = session(handlers).last
    assert second is not None
    assert second.siblings == (first.id, second.id)
    assert second.parent == first.parent
    html = WhatIf(handlers).compare(ALICE, clicked(turn=2), "t1")
    assert "Contexts, at most: 1" in html
    assert "0 changed, 0 gone, 0 new" in html, "the scripted model says the same whatever it is given"


def test_the_answer_to_compare_with_can_be_chosen_among_those_to_the_same_question(handlers: Handlers) -> None:
    ask(handlers, "How do I rotate certificates?")
    first = session(handlers).last
    for turn in (1, 2):
        WhatIf(handlers).answer(ALICE, clicked(turn=turn, contexts=turn), "t1")
        finish(handlers)
    html = WhatIf(handlers).compare(ALICE, clicked(turn=3, **{"with": first and first.id}), "t1")
    assert f'<option value="{first and first.id}" selected>' in html
    ask(handlers, "another question?")
    other = session(handlers).last
    with pytest.raises(gr.Error, match="not kept"):
        WhatIf(handlers).compare(ALICE, clicked(turn=3, **{"with": other and other.id}), "t1")


def test_nothing_of_another_visitor_can_be_reached(handlers: Handlers) -> None:
    ask(handlers, "a secret of alice")
    h = WhatIf(handlers)
    for call in (h.show, h.show_flow, h.preview, h.answer, h.compare):
        with pytest.raises(gr.Error, match="not part of this conversation"):
            call(BOB, clicked(turn=1), "t1")
    ask(handlers, "mine", BOB)
    alices = session(handlers).last
    with pytest.raises(gr.Error):
        h.compare(BOB, clicked(turn=1, **{"with": alices and alices.id}), "t1")


def test_an_only_answer_has_nothing_beside_it(handlers: Handlers) -> None:
    ask(handlers, "one?")
    with pytest.raises(gr.Error, match="not kept"):
        WhatIf(handlers).compare(ALICE, clicked(turn=1), "t1")


def test_an_answer_without_evidence_has_no_what_if(handlers: Handlers) -> None:
    ask(handlers, "one?")
    handlers.sessions.update(key_of("t1", ALICE), lambda s: s.with_turn(1, lambda t: replace(t, searches=())))
    h = WhatIf(handlers)
    for call in (h.show, h.show_flow, h.preview, h.answer):
        with pytest.raises(gr.Error, match="not part of this conversation"):
            call(ALICE, clicked(turn=1), "t1")


@pytest.mark.parametrize(("said", "pictures"), [({}, 2), ({"search": 2}, 1), ({"search": 99}, 2), ({"search": [2]}, 2)])
def test_the_rank_flow_is_that_of_one_search_where_the_event_names_one(
    handlers: Handlers, said: dict[str, object], pictures: int
) -> None:
    ask(handlers, "How do I rotate certificates?")
    turn = session(handlers).last
    assert turn is not None and turn.ledger is not None
    two = (search(FOUND), search(FOUND, number=2))
    ledger = replace(turn.ledger, searches=two)
    handlers.sessions.update(key_of("t1", ALICE), lambda s: s.with_turn(turn.number, lambda t: t.with_ledger(ledger)))
    shown = WhatIf(handlers).show_flow(ALICE, clicked(turn=turn.number, **said), "t1")
    assert shown.count('<div class="flow"') == pictures
