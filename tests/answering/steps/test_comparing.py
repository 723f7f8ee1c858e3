"""Two subjects and two versions side by side: which are chosen, what stands on each side, and where it is shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.answerer import Answerer
from rag.answering.draft import Setup
from rag.answering.prompts import PromptBudget
from rag.answering.steps.versions import LONGEST, differing, versions_of
from rag.cli.report import plain, step_lines
from rag.events import Cancel
from rag.evidence.export import export_markdown
from rag.evidence.records import read, write
from rag.ledger import Answered, Ledger, Request
from rag.messages import LANGUAGES, Language
from rag.protocols import ChatModel
from rag.retrieval.retriever import Policy, Retriever
from rag.retrieval.scope import Scope, SearchTarget
from rag.store import MilvusStore
from rag.types import Candidate, Chunk, Document, RetrievalOptions, StoredChunk
from rag.types.steps import Approach, StepComparison, StepKind
from rag.ui.html.answer import displays
from tests.support.browsed import Page
from tests.support.fakes import BagEmbedder, OverlapReranker, ScriptedChat
from tests.support.knowledge import open_store
from tests.ui.test_html import HOSTILE, answered, assert_harmless

from .test_lists_and_tables import Listing

TEXTS = {
    "ivf.md": "An ivf index divides vectors into clusters. It is small.",
    "hnsw.md": "An hnsw index is a graph of vectors. It is fast.",
    "manual-v1.md": "The boiler runs at 70 degrees. It is checked weekly. The valve is red.",
    "manual-v2.md": "The boiler runs at 85 degrees. It is checked weekly. Nobody opens its lock at night.",
    "fruit.md": "Bananas are yellow.",
}
OPTIONS = RetrievalOptions(candidates=5, contexts=4, threshold=0.3)
COMPARISON = "difference between hnsw and ivf"
Ask = Callable[..., Ledger]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusStore]:
    opened = open_store(tmp_path_factory.mktemp("compared"), BagEmbedder(256), TEXTS)
    yield opened
    opened.close()


@pytest.fixture
def ask(store: MilvusStore) -> Ask:
    def asked(question: str, chat: ChatModel | None = None, approach: Approach = Approach.AUTO) -> Ledger:
        embedder, reranker = BagEmbedder(256), OverlapReranker()
        scope = Scope([SearchTarget("kb", "Main", store)])
        answerer = Answerer(
            Retriever(embedder, reranker, scope, detect_language=lambda _: "en", policy=Policy()), scope, chat=chat,
            extractor=Listing(), count_tokens=embedder.count_tokens, detect_language=lambda _: "en",
            budget=PromptBudget(), setup=Setup("offline", {"reranker": reranker.info}), shelf=scope,
            now=lambda: 0.0, wall_clock=lambda: 0.0,
        )  # fmt: skip
        *_, last = answerer.ask(Request(question, options=replace(OPTIONS, approach=approach)), cancel=Cancel())
        assert isinstance(last, Answered)
        return last.ledger

    return asked


def compared(ledger: Ledger) -> StepComparison:
    (found,) = [step.comparison for step in ledger.steps if step.kind is StepKind.COMPARE]
    assert found is not None
    return found


def documents(comparison: StepComparison, side: int) -> list[str]:
    return [place.document for row in comparison.rows if (place := row[side])]


def test_both_subjects_stand_side_by_side_after_each_was_searched(ask: Ask) -> None:
    ledger = ask(COMPARISON)
    assert [s.kind for s in ledger.steps] == [StepKind.SEARCH] * 3 + [StepKind.COMPARE, StepKind.ANSWER]
    found = compared(ledger)
    assert found.names == ("hnsw", "ivf") and not found.of_versions
    assert (documents(found, 0), documents(found, 1)) == (["hnsw.md"], ["ivf.md"])
    assert len(ledger.searches) == 3, "nothing is searched for it"
    assert read(write(ledger)) == ledger


def test_nothing_stands_beside_what_was_not_found(ask: Ask) -> None:
    ledger = ask("difference between hnsw and zeppelins")
    assert StepKind.COMPARE not in {step.kind for step in ledger.steps}


@pytest.mark.parametrize(
    "question",
    [
        "What changed between v1 and v2 of the manual?",
        "What is new in the manual?",
        "manual v1 和 manual v2 有什么区别？",
    ],
)
def test_versions_are_told_by_what_differs_in_them(ask: Ask, question: str) -> None:
    ledger = ask(question)
    found = compared(ledger)
    assert found.of_versions and found.names == ("manual-v1.md", "manual-v2.md") and found.total == 3
    left, right = found.rows[0]
    assert left is not None and right is not None
    assert [piece.text for place in (left, right) for piece in place.pieces if piece.differs] == ["70", "85"]
    assert {row[0] is None for row in found.rows} == {row[1] is None for row in found.rows} == {False, True}
    assert {"manual-v1.md", "manual-v2.md"} <= {c.stored.document for c in ledger.contexts}
    assert "manual-v1.md and manual-v2.md differ in 3 places [" in ledger.answer
    assert "“The boiler runs at 70 degrees.” became “The boiler runs at 85 degrees.” [" in ledger.answer
    assert all(c.valid for c in ledger.citations) and ledger.citations


def test_a_model_is_told_how_versions_differ_and_may_set_sides_beside_each_other(ask: Ask) -> None:
    ledger = ask("What changed between v1 and v2 of the manual?", ScriptedChat(["Yes [1]."]))
    assert "“The boiler runs at 70 degrees.” became" in ledger.messages[-1].content
    said = [
        [json.dumps({"reason": "r", "action": action, "query": query, "document": ""})]
        for action, query in (("search", "hnsw graph"), ("search", "ivf clusters"), ("compare", ""), ("answer", ""))
    ]
    stepped = ask(COMPARISON, ScriptedChat(*said, ["A graph [1]."]), Approach.STEPS)
    assert compared(stepped).names == ("hnsw graph", "ivf clusters")


def version(name: str, *, date: str = "", enabled: bool = True) -> Document:
    return Document(name, "", name, "en", 1, 1, 1, 0.0, date=date, enabled=enabled)


def context(name: str) -> Candidate:
    return Candidate(StoredChunk("1", name, "", "en", Chunk(0, 0, 1, (), "x", 1)), number=1)


@pytest.mark.parametrize(
    ("question", "names", "chosen"),
    [
        ("differences between 2.3 and 2.4", ["v2.3/index.md", "v2.4/index.md", "v2.5/index.md"], (0, 1)),
        ("what changed in the handbook", ["handbook-v9.md", "handbook-v10.md", "handbook-v2.md"], (0, 1)),
        ("what changed between the draft and the final contract", ["contract draft.md", "contract final.md"], (0, 1)),
        ("手册 v1 与 手册 v2 的区别", ["手册v1.md", "手册v2.md"], (0, 1)),
        ("what changed between limits v1 and v2", ["notes.md", "limits-v1.md", "limits-v2.md"], (1, 2)),
        ("difference between hnsw and ivf", ["index-v1.md", "index-v2.md"], None),
        ("what changed in the valves", ["handbook-v1.md", "handbook-v2.md"], None),
        ("how do I create a new handbook", ["handbook-v1.md", "handbook-v2.md"], None),
        ("what changed in the handbook", ["handbook-v1.md", "other.md"], None),
    ],
)
def test_versions_are_chosen_by_the_question(question: str, names: list[str], chosen: tuple[int, int] | None) -> None:
    found = versions_of(question, [context(names[0])], [version(name) for name in names])
    assert (found and tuple(names.index(d.name) for d in found)) == chosen


def test_a_version_that_is_not_searched_is_none() -> None:
    known = [version("handbook-v1.md"), version("handbook-v2.md", enabled=False)]
    assert versions_of("what changed in the handbook", [context("handbook-v1.md")], known) is None


def stored(text: str, *path: str) -> StoredChunk:
    return StoredChunk(text[:9], "a.md", "", "en", Chunk(0, 0, len(text), path, text, 1))


def test_sections_are_held_against_each_other_whatever_the_title_is() -> None:
    before = [stored("One.", "Manual v1", "Limits"), stored("Two.", "Manual v1", "Keys")]
    after = [stored("Two.", "Manual v2", "Keys"), stored("One.", "Manual v2", "Limits")]
    assert differing(before, after, ("a", "b")).total == 0


@given(st.lists(st.text(), max_size=6), st.lists(st.text(), max_size=6))
def test_any_two_texts_can_be_compared(left: list[str], right: list[str]) -> None:
    found = differing([stored(text) for text in left], [stored(text) for text in right], ("a", "b"))
    assert (found.total == 0) or left != right
    assert len(found.rows) <= StepComparison.MOST_ROWS
    for place in (place for row in found.rows for place in row if place):
        assert place.text.strip() and len(place.text) <= LONGEST


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("question", [COMPARISON, "What is new in the manual?"])
def test_a_comparison_is_shown_saved_exported_and_printed(ask: Ask, question: str, language: Language) -> None:
    ledger = ask(question)
    turn = replace(answered(), steps=ledger.steps)
    page, saved = displays.below(turn, language), displays.kept(ledger, language)
    assert len([b for _, b in Page(page).tags if b.get("data-act") == "doc-open"]) >= 2
    assert "<button" not in saved and 'class="beside-pair"' in saved
    exported = export_markdown([ledger], language)
    printed = "\n".join(line for step in ledger.steps for line in step_lines(step, language))
    for words in ("degrees", "yellow") if question != COMPARISON else ("graph of vectors", "clusters"):
        assert all((words in told) is (words != "yellow") for told in (page, saved, exported, printed))
    assert plain(ledger)["steps"][-2]["comparison"]["names"]


def test_a_comparison_lets_no_markup_through(ask: Ask) -> None:
    ledger = ask("What is new in the manual?")
    step = next(step for step in ledger.steps if step.comparison)
    assert step.comparison is not None
    left, right = step.comparison.rows[0]
    assert left is not None and right is not None
    bad = replace(left, pieces=(replace(left.pieces[0], text=HOSTILE),), document=HOSTILE, heading_path=(HOSTILE,))
    hostile = replace(step.comparison, names=(HOSTILE, HOSTILE), rows=((bad, right), (None, bad)))
    turn = replace(answered(), steps=(replace(step, comparison=hostile),))
    assert_harmless(displays.below(turn, "en"))
    exported = export_markdown([replace(ledger, steps=turn.steps)], "en")
    assert "<img" not in exported.replace("\\<img", "")
