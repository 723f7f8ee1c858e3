"""What is read in full: the rest of a list or a table, and sections; judged like what is searched, within the scope."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256

import pytest

from rag.answering.answerer import Answerer
from rag.answering.draft import Setup
from rag.answering.prompts import PromptBudget
from rag.answering.steps.reading import MOST, MOST_ON, section
from rag.events import Cancel
from rag.evidence.records import read, write
from rag.ledger import Answered, Ledger, Request
from rag.messages import LANGUAGES, text
from rag.retrieval.retriever import Policy, Retriever
from rag.retrieval.scope import Scope, SearchTarget
from rag.store import MilvusStore
from rag.types import Chunk, Document, Narrowing, RetrievalOptions, StoredChunk
from rag.types.steps import AnswerStep, Approach, StepFork, StepKind
from tests.support.fakes import BagEmbedder, OverlapReranker
from tests.support.knowledge import open_store

from .test_lists_and_tables import Listing

Pieces = list[tuple[tuple[str, ...], str]]
BATCH = "\n".join(f"- Valve step {n}" for n in range(3))
DOCUMENTS: dict[str, Pieces] = {
    "valves.md": [
        (("Valves", "Valve steps"), f"The valve steps to take:\n\n{BATCH}"),
        (("Valves", "Valve steps"), "- Valve step three, the third\n- Valve step four"),
        (("Valves", "Valve steps"), "- Unrelated words about nothing at all"),
        (("Valves", "After"), "- Valve step of another section"),
    ],
    "pumps.md": [
        (("Pumps", "Pump rooms"), "| Pump | Room |\n|---|---|\n| P-1 | A |\n| P-2 | B |"),
        (("Pumps", "Pump rooms"), "| P-3 | pump room C |\n| P-4 | D |"),
        (("Pumps", "Winter care"), "In winter care the oil is changed."),
        (("Pumps", "Winter care", "Frost"), "Below frost the winter heaters run."),
    ],
    "guide.md": [(("Guide",), "The station keeps its cranes ready; see [the cold season](pumps.md#winter-care).")],
    "diary.md": [
        (("Crane Diary",), "Nothing happened."),
        (("Crane Diary",), "Ropes were greased, see [the fats](fats.md)."),
    ],
    "fats.md": [(("Tallow",), "It melts in the sun.")],
    "secret/plan.md": [(("Plan", "Winter care"), "Secret winter care of the pumps.")],
}
OPTIONS = RetrievalOptions(candidates=5, contexts=4, threshold=0.3, approach=Approach.AUTO)


def chunks_of(pieces: Pieces) -> list[Chunk]:
    found, at = [], 0
    for index, (path, words) in enumerate(pieces):
        found.append(Chunk(index, at, at + len(words), path, words, 9))
        at += len(words) + 2
    return found


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusStore]:
    embedder = BagEmbedder(256)
    opened = open_store(tmp_path_factory.mktemp("reading"), embedder, {})
    for name, pieces in DOCUMENTS.items():
        chunks = chunks_of(pieces)
        digest = sha256(name.encode()).hexdigest()
        document = Document(name, digest, pieces[0][0][0], "en", 9, len(chunks), 9, 0.0)
        opened.put(document, chunks, embedder.embed_documents([each.embedded_text for each in chunks]))
    opened.flush()
    yield opened
    opened.close()


Ask = Callable[..., Ledger]


@pytest.fixture
def ask(store: MilvusStore) -> Ask:
    def asked(question: str, part: Narrowing | None = None, **request: object) -> Ledger:
        embedder, reranker = BagEmbedder(256), OverlapReranker()
        scope = Scope([SearchTarget("kb", "Main", store, part)])
        answerer = Answerer(
            Retriever(embedder, reranker, scope, detect_language=lambda _: "en", policy=Policy()), scope, chat=None,
            extractor=Listing(), count_tokens=embedder.count_tokens, detect_language=lambda _: "en",
            budget=PromptBudget(), setup=Setup("offline", {"reranker": reranker.info}), shelf=scope,
            now=lambda: 0.0, wall_clock=lambda: 0.0,
        )  # fmt: skip
        wanted = replace(Request(question, options=OPTIONS), **request)  # type: ignore[arg-type]
        *_, last = answerer.ask(wanted, cancel=Cancel())
        assert isinstance(last, Answered)
        return last.ledger

    return asked


def reading(ledger: Ledger) -> AnswerStep:
    (step,) = [step for step in ledger.steps if step.kind is StepKind.READ]
    assert all(text(step.why, language) for language in LANGUAGES)
    return step


def passages(ledger: Ledger, step: AnswerStep) -> dict[str, bool]:
    """What a step read, and whether it was kept."""
    (search,) = [search for search in ledger.searches if search.number == step.search]
    assert all(c.log_odds is not None and c.dense is None and c.full_text is None for c in search.candidates)
    return {c.stored.chunk.text.splitlines()[0]: c.kept for c in search.candidates}


def test_the_rest_of_a_list_is_read_and_judged(ask: Ask) -> None:
    ledger = ask("What are the valve steps to take", options=replace(OPTIONS, contexts=1, candidates=1))
    step = reading(ledger)
    assert (step.why.code, step.section, step.documents) == ("steps.list_goes_on", "Valve steps", ("valves.md",))
    assert passages(ledger, step) == {
        "- Valve step three, the third": True,
        "- Unrelated words about nothing at all": False,  # judged like others, and no section further
    }
    assert read(write(ledger)) == ledger


def test_the_rest_of_a_table_is_read(ask: Ask) -> None:
    ledger = ask("Which pump room is there", options=replace(OPTIONS, contexts=1, candidates=1))
    if any(step.table for step in ledger.steps):
        pytest.skip("a table told it")
    step = reading(ledger)
    assert step.why.code == "steps.table_goes_on" and passages(ledger, step) == {"| P-3 | pump room C |": True}


def test_a_question_that_does_not_ask_for_all_of_a_list_is_one_search(ask: Ask) -> None:
    assert ask("valve step to take", options=replace(OPTIONS, contexts=1, candidates=1)).steps == ()


def test_a_section_that_the_question_names_is_read_with_what_is_under_it(ask: Ask) -> None:
    ledger = ask("what does the section winter care say on pumps", options=replace(OPTIONS, documents=("pumps.md",)))
    step = reading(ledger)
    assert (step.why.code, step.section, step.documents) == ("steps.section_named", "Winter care", ("pumps.md",))
    assert list(passages(ledger, step)) == ["In winter care the oil is changed.", "Below frost the winter heaters run."]


def test_a_section_that_a_link_names_is_read(ask: Ask) -> None:
    ledger = ask("Why does the station keep its cranes ready")
    step = reading(ledger)
    assert (step.why.code, step.section, step.query) == ("steps.section_linked", "Winter care", "the cold season")
    assert len(passages(ledger, step)) == 2


def test_a_document_that_is_named_and_was_not_found_is_searched(ask: Ask) -> None:
    narrow = replace(OPTIONS, contexts=1)
    ledger = ask("the valve steps to take, valve step three and valve step four, of the Crane Diary", options=narrow)
    assert [(s.kind, s.documents, s.why.code) for s in ledger.steps[1:2]] == [
        (StepKind.SEARCH, ("diary.md",), "steps.part_named")
    ]


def test_nothing_outside_the_scope_is_read(ask: Ask) -> None:
    part = Narrowing("kb", documents=("guide.md",))
    ledger = ask("Why does the station keep its cranes ready", part)
    assert not any(step.kind is StepKind.READ for step in ledger.steps)
    ledger = ask(
        "what does the section winter care of the plan say", Narrowing("kb", documents=("pumps.md", "guide.md"))
    )
    assert {c.stored.document for search in ledger.searches for c in search.candidates} <= {"pumps.md", "guide.md"}


def test_a_section_is_read_again_from_a_fork(ask: Ask) -> None:
    first = ask("Why does the station keep its cranes ready")
    step = reading(first)
    fork = StepFork(kept=(1,), taken=step, instead=step.number)
    again = ask(first.question, given=first, fork=fork)
    assert list(passages(again, reading(again))) == list(passages(first, step))


def test_readings_are_bounded() -> None:
    chunks = chunks_of([(("A", "Long list"), f"- entry {n}") for n in range(50)])
    stored = [StoredChunk(str(chunk.index), "a.md", "", "en", chunk) for chunk in chunks]
    assert len(section(stored, "long  LIST")) == MOST > MOST_ON
    assert section(stored, "") == section(stored, "short list") == []
