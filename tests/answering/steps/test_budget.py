"""What steps may take: steps, seconds, calls and tokens; what is spent leaves an end, which says so."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import Any

import pytest

from rag.answering.steps.budget import NOTHING, Spent, StepBudget
from rag.answering.steps.model import ModelPlanner
from rag.answering.steps.planner import GatheringState, StepChoice
from rag.answering.steps.rules import RulePlanner
from rag.answering.steps.ways import KnownWays
from rag.build import build
from rag.events import Cancel
from rag.ledger import Ledger
from rag.messages import LANGUAGES, text
from rag.settings import Settings
from rag.types import Usage
from rag.types.steps import Approach, StepAuthor, StepKind, Thoroughness
from tests.support.fakes import ScriptedChat

from . import test_lists_and_tables as lists
from .test_model import state

store = lists.store


def search(words: str) -> list[str]:
    return [json.dumps({"reason": "So.", "action": "search", "query": words})]


def steps(store: Any, budget: StepBudget, *replies: list[str], usage: Usage | None = None, **how: Any) -> Ledger:
    chat = ScriptedChat(*replies, ["Done [1]."], usage=usage)
    asked = lists.asking(store, steps=budget, clock=how.pop("clock", None))
    ledger = asked("What is said of the pumps?", chat=chat, approach=Approach.STEPS, **how)
    assert ledger.answer == "Done [1]." and not chat.replies
    return ledger


WORDS = ["valves close", "salaries", "loads", "kilograms", "station", "plant"]


@pytest.mark.parametrize(
    ("budget", "searches", "code"),
    [
        (StepBudget(steps=3), 1, "steps.steps_spent"),
        (StepBudget(calls=2), 2, "steps.calls_spent"),
        (StepBudget(tokens=150), 2, "steps.tokens_spent"),
    ],
)
def test_what_is_spent_leaves_an_end_that_says_which(
    store: Any, budget: StepBudget, searches: int, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.answering.steps.gathering.FRUITLESS", 99)
    ruled = RulePlanner.next

    def eager(self: RulePlanner, at: GatheringState) -> StepChoice:
        return replace(ruled(self, at), kind=StepKind.SEARCH, query=f"more {len(at.steps)}")

    monkeypatch.setattr(RulePlanner, "next", eager)
    ledger = steps(store, budget, *map(search, WORDS[:searches]), usage=Usage(80, 10))
    assert [step.kind for step in ledger.steps] == [*[StepKind.SEARCH] * (searches + 1), StepKind.ANSWER]
    assert [step.author for step in ledger.steps[1:]] == [StepAuthor.MODEL] * searches + [StepAuthor.RULE]
    assert ledger.steps[-1].why.code == code and all(text(ledger.steps[-1].why, each) for each in LANGUAGES)
    assert [step.calls for step in ledger.steps] == [0, *[1] * searches, 0]


def test_seconds_that_choosing_takes_count_too(store: Any) -> None:
    clock = itertools.count(step=7)
    ledger = steps(store, StepBudget(seconds=10.0), search("valves close"), clock=lambda: float(next(clock)))
    assert [step.kind for step in ledger.steps] == [StepKind.SEARCH, StepKind.ANSWER]


def test_a_model_is_asked_no_more_often_than_there_are_calls_left() -> None:
    chat = ScriptedChat(["no idea"], ["no idea"])
    planner = ModelPlanner(chat, RulePlanner(), cancel=Cancel(), ways=KnownWays())
    assert planner.next(replace(state(), left=Spent(1, 1000))).spent.calls == 1 and len(chat.sent) == 1
    assert planner.next(replace(state(), left=NOTHING)).author is StepAuthor.RULE and len(chat.sent) == 1


def test_tokens_nobody_counts_are_guessed() -> None:
    chat = ScriptedChat(search("certificate expiry"))
    choice = ModelPlanner(chat, RulePlanner(), cancel=Cancel(), ways=KnownWays()).next(state())
    assert choice.tokens == 0 and 200 < choice.spent.tokens < 2000


def test_thoroughness_is_a_share_of_the_usual() -> None:
    usual = StepBudget()
    assert usual.at(Thoroughness.NORMAL) == usual
    assert usual.at(Thoroughness.QUICK) == StepBudget(4, 40.0, 5, 16_000)
    assert usual.at(Thoroughness.THOROUGH) == StepBudget(12, 120.0, 16, 48_000)
    assert StepBudget(2, 1.0, 1, 500).at(Thoroughness.QUICK).steps == 2


def test_a_question_says_how_thorough(store: Any) -> None:
    replies = [search(words) for words in WORDS[:4]]
    quick = steps(store, StepBudget(), *replies[:2], thoroughness=Thoroughness.QUICK)
    assert (len(quick.steps), quick.options.thoroughness) == (4, Thoroughness.QUICK)


def test_the_operator_bounds_them(tmp_path: Any) -> None:
    env = {"RAG_STEP_LIMIT": "4", "RAG_STEP_SECONDS": "9", "RAG_STEP_CALLS": "3", "RAG_STEP_TOKENS": "5000"}
    settings = Settings.from_env(env | {"RAG_DATA_DIR": str(tmp_path), "RAG_PROFILE": "offline"})
    assert (settings.step_limit, settings.step_seconds, settings.step_calls, settings.step_tokens) == (4, 9.0, 3, 5000)
    assert build(settings)
