"""Reading beside an answer as plain calls: what a visitor may open, ask about and try, and what not."""

from __future__ import annotations

from typing import Any

import gradio as gr
import pytest

from rag.ui.handlers.chat import Handlers
from rag.ui.handlers.reader import ReaderHandlers
from tests.support.scripted_service import TEXTS, ScriptedService

from .test_handlers import ALICE, BOB, ask, clicked, finish, over, session

DOCUMENT = TEXTS[0][0]


@pytest.fixture
def service() -> ScriptedService:
    return ScriptedService()


@pytest.fixture
def handlers(service: ScriptedService) -> Handlers:
    made = over(service)
    ask(made, "How do I rotate certificates?")
    return made


@pytest.fixture
def reader(handlers: Handlers) -> ReaderHandlers:
    return ReaderHandlers(handlers)


def test_a_document_opens_for_the_question_at_the_chunk(reader: ReaderHandlers) -> None:
    html = reader.open_document(ALICE, clicked(turn=1, name=DOCUMENT, chunk=f"c{0:031x}"), "t1")
    assert 'data-target="doc-at-0"' in html and "How do I rotate certificates?" in html
    assert 'class="heat sent"' in html and "P(yes)" in html


def test_a_document_opens_without_a_question(reader: ReaderHandlers) -> None:
    html = reader.open_document(ALICE, clicked(name=DOCUMENT), "t1")
    assert 'class="heat plain"' in html and "cited in 1 of your answers" in html
    assert "cited in" not in reader.open_document(BOB, clicked(name=DOCUMENT), "t1"), "another visitor's answers"


def test_what_is_not_the_visitors_or_not_there_is_refused(reader: ReaderHandlers) -> None:
    with pytest.raises(gr.Error, match="not there any more"):
        reader.open_document(ALICE, clicked(name="no.md"), "t1")
    for handler in (reader.open_document, reader.ask_why, reader.why_not, reader.try_remedy):
        with pytest.raises(gr.Error):
            handler(BOB, clicked(turn=1, name=DOCUMENT, text="x", changes={"threshold": 0.1}), "t1")


@pytest.mark.parametrize("strange", [{"name": 7}, {"name": None}, {"name": DOCUMENT, "part": "1"}, {}], ids=str)
def test_strange_events_open_nothing_but_documents(reader: ReaderHandlers, strange: dict[str, Any]) -> None:
    if strange.get("name") == DOCUMENT:
        assert "doc-scroll" in reader.open_document(ALICE, clicked(**strange), "t1")
    else:
        with pytest.raises(gr.Error):
            reader.open_document(ALICE, clicked(**strange), "t1")


def test_why_not_tells_the_verdict_above_the_form(reader: ReaderHandlers) -> None:
    assert "Paste a sentence" in reader.ask_why(ALICE, clicked(turn=1), "t1")
    html = reader.why_not(ALICE, clicked(turn=1, text="Mount <b>the</b> folder"), "t1")
    assert html.index("Judged below the threshold") < html.index("Another sentence")
    assert "Mount &lt;b&gt;the&lt;/b&gt; folder" in html and "93%" in html
    assert "threshold 0.17 → 0.09" in html or "→ 0.09" in html


def test_trying_a_remedy_asks_again_beside_the_answer(
    service: ScriptedService, handlers: Handlers, reader: ReaderHandlers
) -> None:
    *_, sheet = reader.try_remedy(ALICE, clicked(turn=1, given=True, changes={"threshold": 0.05}), "t1")
    finish(handlers)
    assert sheet == ""
    asked = service.asked[-1]
    assert (asked.options.threshold, asked.given is not None, asked.search_query) == (0.05, True, "")
    last = session(handlers).last
    assert last and len(last.siblings) == 2, "the earlier answer is kept in its branch"


def test_a_remedy_that_needs_a_search_searches_for_the_same_words(
    service: ScriptedService, handlers: Handlers, reader: ReaderHandlers
) -> None:
    ask(handlers, "And without dropping consumers?")
    turn = session(handlers).last
    assert turn and turn.ledger and turn.ledger.main.query != turn.question
    reader.try_remedy(ALICE, clicked(turn=turn.number, given=False, changes={"candidates": 50, "mode": "dense"}), "t1")
    finish(handlers)
    asked = service.asked[-1]
    assert (asked.given, asked.search_query) == (None, turn.ledger.main.query)
    assert (asked.options.candidates, str(asked.options.mode)) == (50, "dense")


@pytest.mark.parametrize("changes", [None, [], "x", {}, {"threshold": "low"}, {"unknown": 1}], ids=str)
def test_a_remedy_that_changes_nothing_is_not_asked(handlers: Handlers, reader: ReaderHandlers, changes: Any) -> None:
    with pytest.raises(gr.Error, match="changes nothing"):
        reader.try_remedy(ALICE, clicked(turn=1, changes=changes), "t1")
    assert session(handlers).turns[-1].number == 1
