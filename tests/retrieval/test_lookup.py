"""Names in a question: what has exactly one comes first, and what is nowhere is said. Real Milvus Lite, fake models."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from rag.answering.answerer import Answerer
from rag.answering.draft import Setup
from rag.answering.prompts import PromptBudget
from rag.events import Cancel, Retrieved, Stage, StageEvent
from rag.evidence.records import read, write
from rag.evidence.whynot import Obstacle, WhyNot
from rag.ledger import Answered, Ledger, Outcome, Request
from rag.messages import Reason, reason, text
from rag.retrieval.lookup import FEW, look_up
from rag.retrieval.names import doubted, led, nearest_name, told
from rag.retrieval.retriever import Policy, Retriever
from rag.retrieval.selection import reselect
from rag.store import MilvusStore
from rag.types import Candidate, Mode, Named, Retrieval, RetrievalOptions
from tests.support.evidence import candidate
from tests.support.fakes import BagEmbedder, OverlapReranker
from tests.support.knowledge import open_store

TEXTS = {
    **{f"a{n}.md": f"Article {n}\n\nWhat does it say? It speaks of matter number {n}00." for n in range(1, 15)},
    **{f"v{n}.md": f"## 1.{n}.0\n\nChanged: part {n * 7} of the tool." for n in range(1, 14)},
    "codes.md": "ERR_QX_4012 means that the clock is wrong. ERR_QX_4021 means that the host is wrong.",
    "journal.md": "2024-03-12: the alarm was tested.",
    "later.md": "2024-03-21: the leak was sealed.",
    "rooms.md": "Room 101 holds the printers. Room 111 holds the servers.",
    "zh.md": "第十条 儿童须穿救生衣。",
    "plain.md": "The top reasons to row are health and company.",
}
OPTIONS = RetrievalOptions(candidates=4, contexts=2, threshold=0.2, instruction="find")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusStore]:
    opened = open_store(tmp_path_factory.mktemp("store"), BagEmbedder(), TEXTS)
    yield opened
    opened.close()


class FirstContext:
    """Quotes the first context whole."""

    def answer(
        self, question: str, contexts: Sequence[Candidate], *, unknown: Sequence[str] = (), asked_in: str = ""
    ) -> Iterator[str]:
        yield f"{contexts[0].stored.chunk.text} [1]"


class WithoutFullText(MilvusStore):
    """The real store on a server that is too old for full text."""

    def __init__(self, store: MilvusStore) -> None:
        self.__dict__.update(store.__dict__)

    def full_text_missing(self) -> Reason | None:
        return reason("store.no_full_text", version="2.3.5")


def retriever(store: MilvusStore) -> Retriever:
    return Retriever(BagEmbedder(), OverlapReranker(), store, detect_language=lambda _: "en", policy=Policy())


def search(
    store: MilvusStore, question: str, options: RetrievalOptions = OPTIONS
) -> tuple[dict[Stage, StageEvent], Retrieval]:
    events = list(retriever(store).run(question, options, cancel=Cancel()))
    assert isinstance(events[-1], Retrieved)
    return {e.stage: e for e in events if isinstance(e, StageEvent)}, events[-1].retrieval


def ask(store: MilvusStore, question: str, options: RetrievalOptions = OPTIONS, given: Ledger | None = None) -> Ledger:
    answerer = Answerer(
        retriever(store),
        store,
        chat=None,
        extractor=FirstContext(),
        count_tokens=BagEmbedder().count_tokens,
        detect_language=lambda _: "en",
        budget=PromptBudget(),
        setup=Setup("offline", {}),
    )
    *_, last = answerer.ask(Request(question, options=options, given=given), cancel=Cancel())
    assert isinstance(last, Answered)
    return last.ledger


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("rerank", [True, False], ids=["judged", "not judged"])
@pytest.mark.parametrize(
    ("question", "document"),
    [
        pytest.param("What does article 10 say?", {"a10.md", "zh.md"}, id="an article"),
        pytest.param("What does article 1 say?", {"a1.md"}, id="one whose number begins others"),
        pytest.param("第十条说什么？", {"a10.md", "zh.md"}, id="one in Chinese"),
        pytest.param("What changed in 1.1.0?", {"v1.md"}, id="a version"),
        pytest.param("What changed in version 1.12.0?", {"v12.md"}, id="another version"),
        pytest.param("What happened on 12 March 2024?", {"journal.md"}, id="a date"),
        pytest.param("What does ERR_QX_4021 mean?", {"codes.md"}, id="a code"),
    ],
)
def test_what_has_exactly_that_name_comes_first_and_is_kept(
    store: MilvusStore, question: str, document: set[str], mode: Mode, rerank: bool
) -> None:
    _, found = search(store, question, replace(OPTIONS, mode=mode, rerank=rerank))
    assert found.contexts[0].stored.document in document
    assert found.contexts[0].named is Named.NAME
    assert found.nowhere == ()


def test_a_passage_that_only_its_name_finds_is_told_in_dense_mode(store: MilvusStore) -> None:
    stages, found = search(store, "the alarm and the leak on 第10条", replace(OPTIONS, mode=Mode.DENSE, candidates=1))
    lone = [c for c in found.candidates if c.dense is None and c.full_text is None]
    assert lone and stages[Stage.FUSE].reason == reason("stages.found_by_name", count=len(lone))
    assert found.candidates[0].named is Named.NAME


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(
    ("question", "name", "near"),
    [
        pytest.param("What does ERR_QX_9999 mean?", "ERR_QX_9999", "ERR_QX_4012", id="a code"),
        pytest.param("What does article 99 say?", "article 99", "Article 9", id="an article"),
        pytest.param("What changed in version 1.20.0?", "version 1.20.0", "1.10.0", id="a version"),
        pytest.param("What happened on 2024-03-25?", "2024-03-25", "2024-03-21", id="a date"),
        pytest.param("What is in room 205?", "room 205", "Room 101", id="a room"),
    ],
)
def test_a_name_that_is_nowhere_is_said(store: MilvusStore, question: str, name: str, near: str, mode: Mode) -> None:
    ledger = ask(store, question, replace(OPTIONS, mode=mode, threshold=0.01))
    assert ledger.outcome is Outcome.ABSTAINED and not ledger.contexts
    assert ledger.reason and ledger.reason.code == "stages.name_nowhere_near" and ledger.reason.values["names"] == name
    assert name in text(ledger.reason, "en") and name in text(ledger.reason, "zh")
    assert ledger.reason.values["nearest"] == near
    assert {c.dropped.code for c in ledger.candidates if c.dropped} == {"stages.without_name"}


@pytest.mark.parametrize(
    "question",
    [
        pytest.param("What are the top 5 reasons to row?", id="a number that names nothing"),
        pytest.param("What are the top reasons to row 20 km?", id="an amount"),
        pytest.param("What are the top reasons to row on port 9000?", id="a port"),
        pytest.param("What does article 10 or article 99 say of matter?", id="one of two is there"),
        pytest.param("What are the top reasons to row, by room?", id="no name at all"),
    ],
)
def test_what_does_not_name_a_thing_refuses_nothing(store: MilvusStore, question: str) -> None:
    assert ask(store, question).outcome is Outcome.EXTRACTIVE


def test_where_no_other_of_its_form_is_there_only_a_code_is_missed(store: MilvusStore) -> None:
    only = replace(OPTIONS, documents=("plain.md",))
    assert search(store, "the top reasons of article 99", only)[1].nowhere == ()
    assert search(store, "the top reasons of ERR_QX_9999", only)[1].nowhere == ("ERR_QX_9999",)


def test_a_name_counts_in_the_documents_that_are_searched(store: MilvusStore) -> None:
    _, found = search(store, "What does ERR_QX_4012 mean?", replace(OPTIONS, documents=("rooms.md",)))
    assert found.nowhere == ("ERR_QX_4012",)


def test_without_full_text_nothing_is_said_of_what_was_not_found(store: MilvusStore) -> None:
    _, found = search(WithoutFullText(store), "What does ERR_QX_9999 mean?")
    assert found.nowhere == ()


def test_a_name_that_many_passages_have_puts_none_of_them_first() -> None:
    many = [candidate(f"since 1.2.3 part {n} works", document=f"{n}.md") for n in range(FEW + 1)]
    plain = candidate("all about it", document="plain.md")
    other = candidate("since 1.2.4", document="other.md")

    class Nowhere:
        def full_text_missing(self) -> Reason:
            return reason("stages.no_model")

    marked = look_up("What works in 1.2.3?", [other, plain, *many], Nowhere()).candidates  # type: ignore[arg-type]
    assert [c.named for c in marked] == [Named.OTHER, Named.NOT, *[Named.COMMON] * len(many)]
    assert [c.stored.document for c in led(marked)] == ["plain.md", *(f"{n}.md" for n in range(FEW + 1)), "other.md"]


def test_answering_all_the_same_takes_what_is_nearest(store: MilvusStore) -> None:
    refused = ask(store, "What does ERR_QX_9999 mean?")
    anyway = ask(store, "What does ERR_QX_9999 mean?", replace(OPTIONS, threshold=0.0), refused)
    assert anyway.outcome is Outcome.EXTRACTIVE and anyway.contexts


def test_other_options_on_the_same_candidates_keep_the_rule(store: MilvusStore) -> None:
    _, found = search(store, "What does article 1 say?", replace(OPTIONS, candidates=8))
    assert reselect(found, found.options) == found
    wider = reselect(found, replace(found.options, contexts=6, dense_weight=0.2))
    assert wider.contexts[0].stored.document == "a1.md"
    _, lost = search(store, "What does ERR_QX_9999 mean?")
    assert reselect(lost, lost.options) == lost and not reselect(lost, replace(lost.options, threshold=0.01)).contexts


def test_why_not_knows_that_the_name_is_missing(store: MilvusStore) -> None:
    ledger = ask(store, "What does ERR_QX_9999 mean?")
    whynot = WhyNot({"": store}, lambda _: store, BagEmbedder(), OverlapReranker(), default="")
    found = whynot.of_text(ledger, TEXTS["codes.md"])
    assert found.verdict is Obstacle.WITHOUT_NAME and found.why.values["names"] == "ERR_QX_9999"


def test_why_not_tells_that_a_passage_has_another_name(store: MilvusStore) -> None:
    ledger = ask(store, "What does article 1 say?", replace(OPTIONS, contexts=1, threshold=0.01))
    other = next(c for c in ledger.candidates if c.named is Named.OTHER)
    whynot = WhyNot({"": store}, lambda _: store, BagEmbedder(), OverlapReranker(), default="")
    found = whynot.of_chunk(ledger, "", other.stored.document, other.stored.id)
    assert found.why.code == "whynot.other_name" and other.names[0] in text(found.why, "en")


def test_the_record_keeps_it_and_an_older_record_has_none(store: MilvusStore) -> None:
    ledger = ask(store, "What does ERR_QX_9999 mean?")
    record = json.loads(write(ledger))
    assert read(json.dumps(record)) == ledger
    (searched,) = record["searches"]
    assert searched["retrieval"].pop("nowhere") == ["ERR_QX_9999"]
    for each in searched["retrieval"]["candidates"]:
        del each["named"], each["names"]
    older = read(json.dumps(record)).main.retrieval
    assert older and older.nowhere == () and {c.named for c in older.candidates} == {Named.NOT}


def test_a_candidate_tells_what_it_has() -> None:
    one = replace(candidate("x"), named=Named.OTHER, names=("2.4.1", "2.4.2"))
    assert told(one) == reason("stages.has_other_name", names="2.4.1, 2.4.2")
    assert told(replace(one, named=Named.NAME)) == reason("stages.has_name", names="2.4.1, 2.4.2")
    assert told(candidate("x")) is None


def test_the_nearest_name_is_one_that_is_there() -> None:
    assert nearest_name("ERR_QX_4011", ["OTHER_1", "ERR_QX_4012"]) == "ERR_QX_4012"
    assert nearest_name("ERR_QX_4011", []) == ""


def test_a_word_that_no_document_has_is_told_with_the_refusal(store: MilvusStore) -> None:
    ledger = ask(store, "klingon disruptors of article", replace(OPTIONS, threshold=0.9))
    assert ledger.main.retrieval and ledger.main.retrieval.unknown == ("klingon", "disruptors")
    assert ledger.reason and ledger.reason.code == "stages.abstained_unknown"
    assert ledger.reason.values["words"] == "klingon, disruptors"


@pytest.mark.parametrize(
    ("question", "unknown"),
    [
        pytest.param("Which reason is rowed?", (), id="another form of a word"),
        pytest.param("klingonische Gründe", ("klingonische", "Gründe"), id="another language"),
        pytest.param("救生衣的火箭", ("火箭",), id="a run of characters that is nowhere"),
        pytest.param("ERR_QX_9999 of the clock", (), id="a name is told elsewhere"),
    ],
)
def test_words_that_no_document_has(store: MilvusStore, question: str, unknown: tuple[str, ...]) -> None:
    assert search(store, question)[1].unknown == unknown


def test_a_name_that_no_document_has_asks_for_a_better_passage(store: MilvusStore) -> None:
    question = "Which top reasons to row have health and company and Klingons?"
    _, found = search(store, question)
    (best,) = [c for c in found.candidates if c.stored.document == "plain.md"]
    assert best.probability and best.kept
    near = replace(found.options, threshold=best.probability - 0.01)
    (doubtful,) = [c for c in reselect(found, near).candidates if c.stored.document == "plain.md"]
    assert doubtful.dropped and doubtful.dropped.code == "stages.doubtful"
    assert doubtful.dropped.values["words"] == "Klingons"
    assert reselect(replace(found, unknown=()), near).contexts
    assert doubted("Klingons and Romulans", ("Klingons", "Romulans", "ships")) == ("Romulans",)
    assert doubted("Welche Gründe gibt es für das Rudern auf dem See?", ("Rudern", "See")) == ()
