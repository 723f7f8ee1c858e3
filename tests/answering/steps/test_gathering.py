"""Evidence gathered in steps: real Milvus Lite, fake models, the rules or a scripted planner."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rag.answering.answerer import Answerer
from rag.answering.draft import Setup
from rag.answering.prompts import PromptBudget
from rag.answering.steps.budget import StepBudget
from rag.answering.steps.gathering import FRUITLESS
from rag.answering.steps.planner import ENDS, GatheringState, Planner, StepChoice
from rag.events import Cancel, Retrieved
from rag.evidence.records import read, write
from rag.ledger import Answered, AnswerEvent, Author, Ledger, Outcome, Request, contexts_of
from rag.messages import LANGUAGES, reason, text
from rag.retrieval.retriever import Policy, Retriever
from rag.store import MilvusStore
from rag.types import Candidate, RetrievalOptions
from rag.types.steps import Approach, StepAuthor, StepEvent, StepKind
from tests.support.fakes import BagEmbedder, OverlapReranker
from tests.support.knowledge import open_store

TEXTS = {
    "ivf.md": "An ivf index divides vectors into clusters. It is small.",
    "hnsw.md": "An hnsw index is a graph of vectors. It is fast.",
    "tls.md": "Rotate the certificate with SIGHUP. Expiry is told in [certificate lifetime](lifetime.md).",
    "lifetime.md": "The lifetime of a certificate is ninety days.",
    "fruit.md": "Bananas are yellow.",
    "keys.md": "Spare keys of the station hang below the floor, as told in [the vault](vault.md).",
    "vault.md": "Nobody opens the vault at night.",
}
OPTIONS = RetrievalOptions(candidates=5, contexts=3, threshold=0.3)
COMPARISON = "difference between hnsw and ivf"


class Listing:
    """Names the documents of the contexts."""

    def answer(
        self, question: str, contexts: Sequence[Candidate], *, unknown: Sequence[str] = (), asked_in: str = ""
    ) -> Iterator[str]:
        yield " ".join(f"{c.stored.document} [{c.number}]" for c in contexts)


class Scripted:
    """A planner that makes the given choices, then ends."""

    def __init__(self, *choices: StepChoice) -> None:
        self.choices = list(choices)
        self.seen: list[GatheringState] = []

    def next(self, state: GatheringState) -> StepChoice:
        self.seen.append(state)
        return (
            self.choices.pop(0)
            if self.choices
            else StepChoice(StepKind.ANSWER, StepAuthor.MODEL, reason("steps.first"))
        )


def search(query: str, *, documents: tuple[str, ...] = ()) -> StepChoice:
    return StepChoice(StepKind.SEARCH, StepAuthor.MODEL, reason("steps.first"), query, query, documents)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusStore]:
    opened = open_store(tmp_path_factory.mktemp("steps"), BagEmbedder(256), TEXTS)
    yield opened
    opened.close()


Ask = Callable[..., tuple[list[AnswerEvent], Ledger]]


@pytest.fixture
def ask(store: MilvusStore) -> Ask:
    def asked(
        question: str, approach: Approach = Approach.AUTO, planner: Planner | None = None,
        budget: StepBudget | None = None, cancel: Cancel | None = None, candidates: int = OPTIONS.candidates,
    ) -> tuple[list[AnswerEvent], Ledger]:  # fmt: skip
        embedder, reranker = BagEmbedder(256), OverlapReranker()
        clock = itertools.count()
        answerer = Answerer(
            Retriever(embedder, reranker, store, detect_language=lambda _: "en", policy=Policy()), store, chat=None,
            extractor=Listing(), count_tokens=embedder.count_tokens, detect_language=lambda _: "en",
            budget=PromptBudget(), setup=Setup("offline", {"reranker": reranker.info}), planner=planner, steps=budget,
            now=lambda: float(next(clock)), wall_clock=lambda: 0.0,
        )  # fmt: skip
        request = Request(question, options=replace(OPTIONS, approach=approach, candidates=candidates))
        *events, last = answerer.ask(request, cancel=Cancel() if cancel is None else cancel)
        assert isinstance(last, Answered)
        return events, last.ledger

    return asked


def test_a_comparison_searches_each_side(ask: Ask) -> None:
    events, ledger = ask(COMPARISON)
    assert [(s.kind, s.query, s.parent) for s in ledger.steps] == [
        (StepKind.SEARCH, COMPARISON, 0), (StepKind.SEARCH, "hnsw", 1), (StepKind.SEARCH, "ivf", 1),
        (StepKind.COMPARE, "hnsw / ivf", 3), (StepKind.ANSWER, "", 4),
    ]  # fmt: skip
    assert [(s.number, s.query, s.author, s.purpose, s.parent) for s in ledger.searches[1:]] == [
        (2, "hnsw", Author.RULE, "hnsw", 1), (3, "ivf", Author.RULE, "ivf", 1),
    ]  # fmt: skip
    assert {"hnsw.md", "ivf.md"} <= {c.stored.document for c in ledger.contexts}
    assert [c.number for c in ledger.contexts] == list(range(1, len(ledger.contexts) + 1))
    assert ledger.answer.startswith("### hnsw\n\nhnsw.md") and "\n\n### ivf\n\nivf.md" in ledger.answer
    told = [(e.step.number, e.step.milliseconds is not None) for e in events if isinstance(e, StepEvent)]
    assert told == [(2, False), (2, True), (3, False), (3, True), (4, True), (5, True)]


def test_a_part_that_no_document_names_is_not_searched(ask: Ask) -> None:
    _, ledger = ask("What is an hnsw index? What is the Quokka made of?")
    assert [step.purpose for step in ledger.steps if step.purpose] == ["What is an hnsw index?"]
    _, ledger = ask("difference between Zyzzyva and Quokka")
    assert ledger.steps == () and ledger.outcome is Outcome.ABSTAINED
    _, ledger = ask("difference between Zyzzyva and Quokka", Approach.STEPS)
    closed = [text(option.why, "en") for step in ledger.steps for option in step.options if not option.open]
    assert any("Zyzzyva, Quokka" in why for why in closed)


def test_what_other_words_find_is_judged_by_the_question(ask: Ask) -> None:
    """Bananas are found by a part of the question's words, and say nothing of what it asks."""
    _, ledger = ask("How yellow is the tariff of the mountain railway in winter?", Approach.STEPS)
    reworded = [search for search in ledger.searches[1:] if not search.purpose]
    assert reworded and ledger.contexts == ()
    assert all(search.retrieval and search.retrieval.query == ledger.question for search in reworded)


def test_one_question_is_one_search(ask: Ask) -> None:
    events, ledger = ask("rotate the certificate")
    assert ledger.steps == () and len(ledger.searches) == 1
    assert not any(isinstance(event, StepEvent) for event in events)


def test_direct_takes_no_steps(ask: Ask) -> None:
    assert ask(COMPARISON, Approach.DIRECT)[1].steps == ()


def test_a_link_that_promises_what_is_missing_is_followed(ask: Ask) -> None:
    _, ledger = ask("rotate certificate lifetime", candidates=1)
    taken = ledger.steps[1]
    assert (taken.kind, taken.documents) == (StepKind.READ, ("lifetime.md",))
    assert taken.why == reason("steps.follows_link", label="certificate lifetime", document="lifetime.md")
    assert "lifetime.md" in {c.stored.document for c in ledger.contexts}


def test_a_sentence_with_the_words_of_the_question_leads_on(ask: Ask) -> None:
    _, ledger = ask("Where are the spare keys of the station told?")
    assert [(s.kind, s.why.code) for s in ledger.steps[1:2]] == [(StepKind.READ, "steps.sentence_leads")]
    assert {"keys.md", "vault.md"} <= {c.stored.document for c in ledger.contexts}


def test_nothing_found_is_given_up_with_what_is_missing(ask: Ask) -> None:
    _, ledger = ask("zeppelin", Approach.STEPS)
    assert ledger.outcome is Outcome.ABSTAINED
    assert (ledger.steps[-1].kind, ledger.steps[-1].why.code) == (StepKind.GIVE_UP, "steps.gives_up_without")


def test_a_record_keeps_its_steps(ask: Ask) -> None:
    _, ledger = ask(COMPARISON)
    assert read(write(ledger)) == ledger
    for step in ledger.steps:
        for why in (step.why, *(option.why for option in step.options)):
            assert all(text(why, language) for language in LANGUAGES)


def test_what_was_not_taken_says_why(ask: Ask) -> None:
    _, ledger = ask(COMPARISON)
    first = ledger.steps[1]
    assert [(o.kind, o.open) for o in first.options] == [
        (StepKind.LIST, False), (StepKind.TABULATE, False), (StepKind.CHART, False), (StepKind.COMPARE, False),
        (StepKind.SEARCH, True), (StepKind.READ, False), (StepKind.READ, False), (StepKind.READ, False),
        (StepKind.SEARCH, False),
    ]  # fmt: skip


def test_the_contexts_stay_within_their_limit(ask: Ask) -> None:
    _, ledger = ask(COMPARISON)
    assert len(ledger.contexts) <= max(OPTIONS.contexts, len(ledger.searches))


def test_steps_end_with_their_budget(ask: Ask) -> None:
    planner = Scripted(*(search(f"hnsw {n}") for n in range(20)))
    _, ledger = ask("hnsw", Approach.STEPS, planner, StepBudget(steps=4, seconds=1e9))
    assert ledger.steps[-1].why == reason("steps.fruitless", count=FRUITLESS) or len(ledger.steps) == 4
    planner = Scripted(*(search(name) for name in ("ivf clusters", "rotate certificate", "bananas yellow", "graph")))
    _, ledger = ask("hnsw", Approach.STEPS, planner, StepBudget(steps=4, seconds=1e9))
    assert len(ledger.steps) == 4 and ledger.steps[-1].why == reason("steps.steps_spent", limit=4)


def test_no_step_begins_after_its_time(ask: Ask) -> None:
    _, ledger = ask("hnsw", Approach.STEPS, Scripted(search("ivf")), StepBudget(seconds=0.0))
    assert [step.kind for step in ledger.steps] == [StepKind.SEARCH, StepKind.ANSWER]
    assert ledger.steps[-1].why == reason("steps.time_spent", seconds=0.0)


def test_steps_that_find_nothing_new_end(ask: Ask) -> None:
    planner = Scripted(*(search(f"hnsw graph {n}", documents=("hnsw.md",)) for n in range(9)))
    _, ledger = ask("hnsw graph", Approach.STEPS, planner, StepBudget(steps=12, seconds=1e9))
    assert ledger.steps[-1].why == reason("steps.fruitless", count=FRUITLESS)


def test_stop_ends_within_a_step(ask: Ask) -> None:
    cancel = Cancel()

    class Stopping(Scripted):
        def next(self, state: GatheringState) -> StepChoice:
            cancel.cancel()
            return search("ivf")

    _, ledger = ask("hnsw", Approach.STEPS, Stopping(), cancel=cancel)
    assert ledger.outcome is Outcome.STOPPED
    assert read(write(ledger)) == ledger


CHOICES = st.builds(
    StepChoice,
    st.sampled_from([StepKind.SEARCH, StepKind.READ, *ENDS]),
    st.just(StepAuthor.MODEL),
    st.just(reason("steps.first")),
    st.sampled_from(["hnsw", "ivf clusters", "bananas", "zeppelin", "certificate"]),
    st.sampled_from(["", "a part"]),
    st.sampled_from([(), ("tls.md",), ("nothing.md",)]),
    parent=st.integers(0, 9),
)


@pytest.mark.parametrize("again", ["ivf", " IVF "])
def test_a_planner_that_repeats_itself_is_ended_before_the_second_time(ask: Ask, again: str) -> None:
    _, ledger = ask("hnsw", Approach.STEPS, Scripted(search("ivf"), search(again), search("graph")))
    assert [step.query for step in ledger.steps] == ["hnsw", "ivf", ""]
    assert ledger.steps[-1].why == reason("steps.repeats") and len(ledger.searches) == 2


def test_the_first_search_is_not_made_again(ask: Ask) -> None:
    _, ledger = ask("hnsw", Approach.STEPS, Scripted(search("hnsw")))
    assert len(ledger.searches) == 1 and ledger.steps[-1].why == reason("steps.repeats")


def test_no_planner_looks_into_what_is_not_in_the_scope(ask: Ask) -> None:
    _, ledger = ask("hnsw", Approach.STEPS, Scripted(search("salaries", documents=("salaries/all.md", "ivf.md"))))
    assert len(ledger.searches) == 1
    assert ledger.steps[-1].why == reason("steps.outside_scope", document="salaries/all.md")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@example(choices=[search("ivf clusters")] * 2, steps=6)
@given(choices=st.lists(CHOICES, max_size=9), steps=st.integers(2, 6))
def test_any_choices_end_within_the_budget(ask: Ask, choices: list[StepChoice], steps: int) -> None:
    events, ledger = ask("hnsw graph", Approach.STEPS, Scripted(*choices), StepBudget(steps=steps, seconds=1e9))
    assert len(ledger.steps) <= steps and ledger.steps[-1].kind in ENDS
    assert all(step.milliseconds is not None for step in ledger.steps)
    aims = [(step.kind, step.query.casefold(), step.documents) for step in ledger.steps]
    assert len(set(aims)) == len(aims)
    assert [step.number for step in ledger.steps] == list(range(1, len(ledger.steps) + 1))
    assert [c.number for c in contexts_of(ledger.searches)] == list(range(1, len(ledger.contexts) + 1))
    assert {e.search for e in events if isinstance(e, Retrieved)} <= {s.number for s in ledger.searches}
    assert read(write(ledger)) == ledger
