"""A long conversation stays as light as a short one: nothing of earlier turns is sent while an answer streams."""

from __future__ import annotations

import re

import gradio as gr
import pytest

from rag.ui.handlers.chat import Handlers
from rag.ui.handlers.talks import Talks
from rag.ui.views import Chat
from tests.support.scripted_service import ScriptedService
from tests.ui.test_handlers import ALICE, VALUES, ask, clicked, finish, over, session

MANY = 20


@pytest.fixture(scope="module")
def handlers(tmp_path_factory: pytest.TempPathFactory) -> Handlers:
    """With a kept conversation of many turns in tab "many" and one of two turns in tab "few"."""
    handlers = over(ScriptedService(folder=tmp_path_factory.mktemp("long")))
    for tab, turns in (("many", MANY), ("few", 2)):
        for number in range(turns):
            ask(handlers, f"question {number}?", tab=tab)
    return handlers


def streamed(handlers: Handlers, tab: str) -> list[Chat]:
    """Everything that is sent while one more answer streams."""
    handlers.ask(ALICE, "How do I rotate certificates?", tab, *VALUES)
    return finish(handlers, ALICE, tab)


def numberless(html: object) -> str:
    """Without the turn's own number, whose digits are all that may grow."""
    assert isinstance(html, str)
    return re.sub(r"\d+", "0", html)


def test_no_update_holds_an_earlier_turn_and_none_is_larger_for_them(handlers: Handlers) -> None:
    few, many = streamed(handlers, "few"), streamed(handlers, "many")
    assert len(session(handlers, tab="many").turns) == MANY + 1
    for update in (*few, *many):
        assert update.history == gr.skip(), "what is on the page already is not sent again"
        assert update.live == gr.skip() or str(update.live).count("<article") == 1
    assert numberless(few[-1].live) == numberless(many[-1].live)
    assert numberless(few[-1].evidence) == numberless(many[-1].evidence)


def test_the_whole_of_a_long_conversation_is_opened_at_once(handlers: Handlers) -> None:
    talks = Talks(handlers)
    kept = session(handlers, tab="many").conversation
    history, live, *_ = talks.open(ALICE, clicked(id=kept), "another tab")
    turns = len(session(handlers, tab="many").turns)
    assert history.count("<article") == turns - 1
    assert live.count("<article") == 1
