"""Other ways on from the steps of an answer: what was found before is not searched again, and the record says so."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.answering.answerer import Answerer
from rag.answering.draft import Setup
from rag.answering.prompts import PromptBudget
from rag.answering.steps.budget import StepBudget
from rag.answering.steps.planner import ENDS
from rag.events import Cancel
from rag.evidence.records import read, write
from rag.ledger import Answered, AnswerEvent, Author, Ledger, Request
from rag.messages import LANGUAGES, reason, text
from rag.retrieval.retriever import Policy, Retriever
from rag.retrieval.scope import Scope, SearchTarget
from rag.store import MilvusStore
from rag.types import RetrievalOptions
from rag.types.steps import AnswerStep, StepAuthor, StepEvent, StepFork, StepKind
from tests.support.fakes import BagEmbedder, OverlapReranker
from tests.support.knowledge import open_store

from .test_gathering import COMPARISON, OPTIONS, TEXTS, Listing

PUMPS = "Loads of the pumps.\n\n| Pump | Load |\n|---|---|\n| P-1 | 240 |\n| P-2 | 1024 |\n"


class CountingEmbedder(BagEmbedder):
    """Keeps every query it was given."""

    def __init__(self) -> None:
        super().__init__(256)
        self.queries: list[str] = []

    def embed_query(self, query: str, *, instruction: str):  # type: ignore[no-untyped-def]
        self.queries.append(query)
        return super().embed_query(query, instruction=instruction)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusStore]:
    opened = open_store(tmp_path_factory.mktemp("forks"), BagEmbedder(256), {**TEXTS, "pumps.md": PUMPS})
    yield opened
    opened.close()


@pytest.fixture
def embedder() -> CountingEmbedder:
    return CountingEmbedder()


Ask = Callable[..., tuple[list[AnswerEvent], Ledger]]


@pytest.fixture
def ask(store: MilvusStore, embedder: CountingEmbedder) -> Ask:
    def asked(request: Request, budget: StepBudget | None = None) -> tuple[list[AnswerEvent], Ledger]:
        reranker, clock = OverlapReranker(), itertools.count()
        scope = Scope([SearchTarget("kb", "Main", store)])
        answerer = Answerer(
            Retriever(embedder, reranker, scope, detect_language=lambda _: "en", policy=Policy()), scope, chat=None,
            extractor=Listing(), count_tokens=embedder.count_tokens, detect_language=lambda _: "en",
            budget=PromptBudget(), setup=Setup("offline", {"reranker": reranker.info}), shelf=scope, steps=budget,
            now=lambda: float(next(clock)), wall_clock=lambda: 0.0,
        )  # fmt: skip
        *events, last = answerer.ask(request, cancel=Cancel())
        assert isinstance(last, Answered)
        return events, last.ledger

    return asked


@pytest.fixture
def given_answer(ask: Ask, embedder: CountingEmbedder) -> Ledger:
    _, ledger = ask(Request(COMPARISON, options=OPTIONS, id="first"))
    assert [s.query for s in ledger.steps] == [COMPARISON, "hnsw", "ivf", "hnsw / ivf", ""]
    embedder.queries.clear()
    return ledger


def taken(query: str, kind: StepKind = StepKind.SEARCH, *, documents: tuple[str, ...] = ()) -> AnswerStep:
    return AnswerStep(0, kind, StepAuthor.READER, reason("steps.by_reader"), query=query, documents=documents)


def forked(ask: Ask, given: Ledger, fork: StepFork | None, options: RetrievalOptions = OPTIONS) -> Ledger:
    return ask(Request(COMPARISON, options=options, given=given, fork=fork))[1]


def told(ledger: Ledger) -> list[tuple[int, StepKind, str, StepAuthor, str]]:
    return [(s.number, s.kind, s.query, s.author, s.reused) for s in ledger.steps]


def test_another_query_takes_the_place_of_a_step_and_what_was_found_before_is_reused(
    ask: Ask, given_answer: Ledger, embedder: CountingEmbedder
) -> None:
    ledger = forked(ask, given_answer, StepFork((1,), taken("graph of vectors"), instead=2))
    assert told(ledger) == [
        (1, StepKind.SEARCH, COMPARISON, StepAuthor.RULE, "first"),
        (2, StepKind.SEARCH, "graph of vectors", StepAuthor.READER, ""),
        (3, StepKind.SEARCH, "ivf", StepAuthor.RULE, ""),
        (4, StepKind.ANSWER, "", StepAuthor.RULE, ""),
    ]
    assert embedder.queries == ["graph of vectors", "ivf"]
    assert [(s.number, s.author) for s in ledger.searches] == [(1, Author.USER), (2, Author.EDITED), (3, Author.RULE)]
    assert read(write(ledger)) == ledger


def test_a_step_is_taken_again_with_the_steps_after_it(
    ask: Ask, given_answer: Ledger, embedder: CountingEmbedder
) -> None:
    again = replace(given_answer.steps[2], author=StepAuthor.READER)
    ledger = forked(ask, given_answer, StepFork((1, 2), again, instead=3))
    assert [(s.query, s.reused) for s in ledger.steps] == [
        (COMPARISON, "first"),
        ("hnsw", "first"),
        ("ivf", ""),
        ("hnsw / ivf", ""),
        ("", ""),
    ]
    assert embedder.queries == ["ivf"]


def test_a_step_that_is_left_out_takes_its_passages_with_it_and_nothing_is_searched(
    ask: Ask, given_answer: Ledger, embedder: CountingEmbedder
) -> None:
    ledger = forked(ask, given_answer, StepFork((1, 3)))
    assert [(s.number, s.kind, s.search, s.parent) for s in ledger.steps] == [
        (1, StepKind.SEARCH, 1, 0), (2, StepKind.SEARCH, 2, 1), (3, StepKind.ANSWER, 0, 2),
    ]  # fmt: skip
    assert [s.query for s in ledger.searches] == [COMPARISON, "ivf"]
    assert embedder.queries == []


def test_what_if_keeps_the_steps(ask: Ask, given_answer: Ledger, embedder: CountingEmbedder) -> None:
    banned = given_answer.contexts[0].stored.id
    ledger = forked(ask, given_answer, None, replace(OPTIONS, banned=(banned,)))
    assert [(s.query, s.reused) for s in ledger.steps] == [
        (COMPARISON, "first"),
        ("hnsw", "first"),
        ("ivf", "first"),
        ("hnsw / ivf", "first"),
        ("", ""),
    ]
    assert banned not in {c.stored.id for c in ledger.contexts}
    beside = ledger.steps[3].comparison
    assert beside is None or banned not in {place.chunk for row in beside.rows for place in row if place}
    assert sum(s.kept for s in ledger.steps) == len(ledger.contexts)
    assert embedder.queries == []


def test_the_record_names_the_answer_that_searched_however_often_it_is_reused(ask: Ask, given_answer: Ledger) -> None:
    second = replace(forked(ask, given_answer, StepFork((1, 3))), id="second")
    third = forked(ask, second, StepFork((1, 2), taken("graph")))
    assert [s.reused for s in third.steps[:3]] == ["first", "first", ""]


def test_the_reader_may_take_a_step_beyond_the_budget_and_the_rules_may_not(ask: Ask, given_answer: Ledger) -> None:
    request = Request(COMPARISON, options=OPTIONS, given=given_answer, fork=StepFork((1, 2, 3), taken("clusters")))
    _, ledger = ask(request, StepBudget(steps=3))
    assert [s.kind for s in ledger.steps] == [StepKind.SEARCH] * 4 + [StepKind.ANSWER]


def test_a_reader_may_ask_for_a_list_or_a_figure_and_is_told_where_there_is_none(
    ask: Ask, given_answer: Ledger
) -> None:
    listed = forked(ask, given_answer, StepFork((1,), taken("How many documents are there?", StepKind.LIST), instead=2))
    assert listed.steps[1].table is not None and listed.steps[1].table.total == len(TEXTS) + 1
    none = forked(ask, given_answer, StepFork((1,), taken("bananas", StepKind.TABULATE), instead=2))
    assert none.steps[1].failed and none.steps[1].note is not None
    for language in LANGUAGES:
        assert text(none.steps[1].note, language)


def test_no_step_leaves_the_scope_or_is_taken_twice(ask: Ask, given_answer: Ledger, embedder: CountingEmbedder) -> None:
    outside = forked(ask, given_answer, StepFork((1,), taken("pay", documents=("salaries.md",))))
    twice = forked(ask, given_answer, StepFork((1, 2), taken(" HNSW ")))
    assert [one.steps[-1].why.code for one in (outside, twice)] == ["steps.outside_scope", "steps.repeats"]
    assert embedder.queries == []


def test_the_page_learns_of_reused_steps_while_it_follows(ask: Ask, given_answer: Ledger) -> None:
    events, _ = ask(Request(COMPARISON, options=OPTIONS, given=given_answer, fork=StepFork((1,), taken("graph"))))
    seen = [(e.step.number, e.step.reused) for e in events if isinstance(e, StepEvent)]
    assert seen[0] == (1, "first")


NUMBERS = st.lists(st.integers(-3, 9), max_size=6).map(tuple)
STEPS = st.none() | st.builds(
    taken, st.sampled_from(["", "hnsw", "graph", "x" * 9000, "\0"]), st.sampled_from(list(StepKind)),
    documents=st.sampled_from([(), ("hnsw.md",), ("salaries.md",)]),
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kept=NUMBERS, step=STEPS, instead=st.integers(-3, 9))
def test_any_fork_ends_in_an_answer_with_steps_in_order(
    ask: Ask, given_answer: Ledger, kept: Sequence[int], step: AnswerStep | None, instead: int
) -> None:
    ledger = forked(ask, given_answer, StepFork(tuple(kept), step, instead=instead))
    assert [s.number for s in ledger.steps] == list(range(1, len(ledger.steps) + 1))
    assert ledger.steps[-1].kind in ENDS
    assert all(s.kind not in ENDS for s in ledger.steps[:-1])
    assert all(s.parent < s.number for s in ledger.steps)
    assert read(write(ledger)) == ledger
