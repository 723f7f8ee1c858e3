"""Other ways on from a step, as the page asks for them: of one's own answers alone, and of steps that are there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import gradio as gr
import pytest

from rag.ledger import Request
from rag.messages import LANGUAGES, Language
from rag.types.steps import AnswerStep, StepKind
from rag.ui.handlers.chat import Handlers
from rag.ui.handlers.forks import Forks
from rag.ui.handlers.visitor import key_of
from rag.ui.html.answer import steps
from rag.ui.state.turn import Turn
from tests.hostile.events import VALUES as HOSTILE_VALUES
from tests.support.browsed import Page
from tests.support.scripted_service import ScriptedService

from .test_handlers import ALICE, BOB, ask, clicked, finish, over, session
from .test_html import assert_harmless
from .test_steps import candidate, searched, step, stepped

QUESTION = "How do I rotate certificates?"
FOUND = (candidate(1, kept=True), candidate(2, kept=False))
STEPS = (
    step(1, query="whole"),
    step(2, query="first part", purpose="first", parent=1),
    replace(step(3), kind=StepKind.LIST, query="*"),
    replace(step(4), kind=StepKind.ANSWER, search=0),
)


@pytest.fixture
def service() -> ScriptedService:
    return ScriptedService()


@pytest.fixture
def handlers(service: ScriptedService) -> Handlers:
    made = over(service)
    ask(made, QUESTION)

    def with_steps(turn: Turn) -> Turn:
        assert turn.ledger is not None
        searches = (searched(1, *FOUND), searched(2, *FOUND), searched(3))
        return turn.with_ledger(replace(turn.ledger, steps=STEPS, searches=searches))

    made.sessions.update(key_of("t1", ALICE), lambda s: s.with_turn(1, with_steps))
    service.asked.clear()
    return made


Act = Callable[[Forks], Callable[..., Any]]
ACTS: list[Act] = [lambda f: f.fork, lambda f: f.again, lambda f: f.leave_out, lambda f: f.choose_passage]


def put(handlers: Handlers, service: ScriptedService, act: Act, **data: Any) -> Request:
    act(Forks(handlers))(ALICE, clicked(turn=1, **data), "t1")
    finish(handlers)
    (request,) = service.asked
    return request


def test_another_query_keeps_the_steps_before_and_begins_a_branch(handlers: Handlers, service: ScriptedService) -> None:
    said = {"step": 2, "kind": "search", "query": " other words ", "document": "guide.md"}
    request = put(handlers, service, ACTS[0], **said)
    assert request.question == QUESTION and request.given is not None and request.fork is not None
    assert (request.fork.kept, request.fork.instead) == ((1,), 2)
    taken = request.fork.taken
    assert taken is not None
    assert (taken.kind, taken.query, taken.purpose, taken.documents) == (
        StepKind.SEARCH, "other words", "first", ("guide.md",),
    )  # fmt: skip
    last = session(handlers).last
    assert last is not None and last.number == 2 and len(last.siblings) == 2


def test_in_the_place_of_the_first_search_another_one_is_made(handlers: Handlers, service: ScriptedService) -> None:
    request = put(handlers, service, ACTS[0], step=1, kind="search", query="other", document="guide.md")
    assert (request.search_query, request.options.documents, request.given) == ("other", ("guide.md",), None)


def test_in_the_place_of_an_end_something_else_is_done(handlers: Handlers, service: ScriptedService) -> None:
    request = put(handlers, service, ACTS[0], step=4, kind="list", query="newest documents", document="guide.md")
    assert request.fork is not None and request.fork.taken is not None
    assert (request.fork.kept, request.fork.taken.kind, request.fork.taken.documents) == ((1, 2, 3), StepKind.LIST, ())


@pytest.mark.parametrize(("number", "query", "kept"), [(2, "first part", (1,)), (3, "", (1, 2))])
def test_a_step_is_taken_again(
    handlers: Handlers, service: ScriptedService, number: int, query: str, kept: tuple[int, ...]
) -> None:
    request = put(handlers, service, ACTS[1], step=number)
    assert request.fork is not None and request.fork.taken is not None
    assert (request.fork.taken.query, request.fork.kept, request.fork.instead) == (query, kept, number)


def test_the_first_step_is_taken_again_as_the_question(handlers: Handlers, service: ScriptedService) -> None:
    request = put(handlers, service, ACTS[1], step=1)
    assert (request.given, request.fork, request.search_query) == (None, None, "")


def test_a_step_is_left_out(handlers: Handlers, service: ScriptedService) -> None:
    request = put(handlers, service, ACTS[2], step=2)
    assert request.fork is not None and (request.fork.kept, request.fork.taken) == ((1, 3, 4), None)


@pytest.mark.parametrize("verdict", ["pinned", "banned"])
def test_a_passage_is_pinned_or_dropped(handlers: Handlers, service: ScriptedService, verdict: str) -> None:
    request = put(handlers, service, ACTS[3], chunk="c2", verdict=verdict)
    assert getattr(request.options, verdict) == ("c2",)
    assert request.given is not None and request.fork is None


@pytest.mark.parametrize("act", ACTS, ids=["fork", "again", "without", "passage"])
@pytest.mark.parametrize("value", HOSTILE_VALUES.values(), ids=HOSTILE_VALUES)
def test_what_is_not_there_is_refused_and_asks_nothing(
    handlers: Handlers, service: ScriptedService, act: Act, value: object
) -> None:
    named = dict.fromkeys(("step", "kind", "query", "document", "chunk", "verdict"), value)
    named["step"] = 99 if value in (1, True) else value  # 1 is a step that can be taken again
    with pytest.raises(gr.Error):
        act(Forks(handlers))(ALICE, clicked(turn=1, **named), "t1")
    assert service.asked == []


@pytest.mark.parametrize("act", ACTS, ids=["fork", "again", "without", "passage"])
def test_nothing_of_another_visitor_can_be_forked(handlers: Handlers, service: ScriptedService, act: Act) -> None:
    said = {"step": 2, "kind": "search", "query": "x", "chunk": "c2", "verdict": "pinned"}
    with pytest.raises(gr.Error, match="not part of this conversation"):
        act(Forks(handlers))(BOB, clicked(turn=1, **said), "t1")
    assert service.asked == []


@pytest.mark.parametrize("step", [1, 4])
def test_the_first_search_and_the_end_cannot_be_left_out(handlers: Handlers, step: int) -> None:
    with pytest.raises(gr.Error, match="first search"):
        Forks(handlers).leave_out(ALICE, clicked(turn=1, step=step), "t1")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_offers_what_can_be_done_from_it(language: Language) -> None:
    shown = steps.kept(stepped(*STEPS, searches=(searched(1, *FOUND), searched(2, *FOUND), searched(3))), language)
    assert_harmless(shown)
    acts = [(a["data-act"], a.get("data-step")) for _, a in Page(shown).tags if "data-act" in a]
    assert [step for act, step in acts if act == "step-fork"] == ["1", "2", "3", "4"]
    assert [step for act, step in acts if act == "step-again"] == ["1", "2", "3"]
    assert [step for act, step in acts if act == "step-without"] == ["2", "3"]
    assert sum(act == "passage-pin" for act, _ in acts) == 4


def test_a_reused_step_says_so_and_costs_nothing() -> None:
    reused: AnswerStep = step(1, milliseconds=5000.0, tokens=9, reused="earlier")
    shown = steps.kept(stepped(reused, step(2), searches=(searched(1),)), "en")
    assert "reused, not searched again" in shown
    assert "2 steps · 12 ms<" in shown
