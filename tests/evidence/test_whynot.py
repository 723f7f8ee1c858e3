"""Verdicts on passages, on real Milvus Lite: every number is what the store and the models say of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.draft import Draft, Setup
from rag.errors import RagError
from rag.events import Cancel, Retrieved, StageEvent
from rag.evidence.whynot import Check, Diagnosis, Fit, Obstacle, Passing, WhyNot, changed
from rag.evidence.whynot.remedies import MOST_CANDIDATES, MOST_CONTEXTS, among_candidates, below, enough_candidates
from rag.ledger import Ledger, Request
from rag.messages import reason, text
from rag.options import TABLE
from rag.retrieval.fusion import fuse
from rag.retrieval.retriever import Policy, Retriever
from rag.retrieval.scope import Scope, SearchTarget
from rag.retrieval.selection import by_log_odds, reselect, settled
from rag.store import MilvusStore
from rag.types import (
    Candidate,
    Chunk,
    Document,
    Fusion,
    Hit,
    Mode,
    Narrowing,
    Ranked,
    RerankLimits,
    Retrieval,
    RetrievalOptions,
    StoredChunk,
)
from tests.support.examples import examples
from tests.support.fakes import BagEmbedder, OverlapReranker
from tests.support.knowledge import add, open_store
from tests.support.searches import with_found

TEXTS = {
    "tls.md": "Rotate the certificate online. Send SIGHUP and wait for the reload.",
    "old/tls.md": "Rotate the certificate by hand. Stop the broker, copy the certificate, start the broker.",
    "backup.md": "A backup is taken every night. Restore it with the **restore** command.",
    "limits.md": "The largest file is 20 MB. A zip may hold 2000 files.",
    "fruit.md": "Bananas are yellow and rich in potassium.",
    "zh.md": "索引的精度由参数决定。向量的维度不能改变。",
}
QUESTION = "rotate the certificate"
BASE = "base"


class CountingReranker(OverlapReranker):
    """Also keeps how many texts each call held."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[int] = []

    def score(
        self, query: str, texts: Sequence[str], *, instruction: str, cut: RerankLimits | None = None
    ) -> Iterator[tuple[int, float]]:
        self.calls.append(len(texts))
        return super().score(query, texts, instruction=instruction, cut=cut)


class Desk:
    """A knowledge base one can ask, and then ask why not."""

    def __init__(self, folder: Path) -> None:
        self.embedder = BagEmbedder()
        self.reranker = CountingReranker()
        self.store: MilvusStore = open_store(folder, self.embedder, TEXTS)
        self.others: dict[str, MilvusStore] = {}

    @property
    def whynot(self) -> WhyNot:
        return WhyNot({BASE: self.store, **self.others}, self.scope, self.embedder, self.reranker, default=BASE)

    def scope(self, options: RetrievalOptions) -> Scope:
        stores = {BASE: self.store, **self.others}
        parts = {part.collection: part for part in options.narrowed}
        return Scope([SearchTarget(id, id, stores[id], parts.get(id)) for id in options.collections or (BASE,)])

    def ask(self, question: str = QUESTION, *, options: RetrievalOptions | None = None) -> Ledger:
        options = options or RetrievalOptions()
        retriever = Retriever(
            self.embedder, self.reranker, self.scope(options), detect_language=lambda text: "en", policy=Policy()
        )
        draft = Draft("a", Request(question, options=options), time.time())
        for event in retriever.run(question, options, cancel=Cancel()):
            if isinstance(event, Retrieved | StageEvent):
                draft.note(event)
        infos = {"embedder": self.embedder.info, "reranker": self.reranker.info}
        self.reranker.calls.clear()
        return draft.ledger(Setup("test", infos))

    def chunk(self, name: str) -> StoredChunk:
        return self.store.chunks(name)[0]

    def of(self, ledger: Ledger, name: str) -> Diagnosis:
        return self.whynot.of_chunk(ledger, BASE, name, self.chunk(name).id)

    def again(self, ledger: Ledger, diagnosis: Diagnosis) -> Ledger:
        """What "try it" does when a search is needed."""
        assert diagnosis.remedy and not diagnosis.remedy.given
        return self.ask(ledger.question, options=changed(ledger.options, diagnosis.remedy.changes))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    desk = Desk(tmp_path_factory.mktemp("desk"))
    yield desk
    desk.store.close()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Desk]:
    """A knowledge base that a test may change."""
    desk = Desk(tmp_path)
    yield desk
    desk.store.close()


def step(diagnosis: Diagnosis, check: Check) -> tuple[Passing, str]:
    (found,) = [s for s in diagnosis.steps if s.check is check]
    return found.passing, found.why.code


def told(diagnosis: Diagnosis, check: Check) -> str:
    return next(text(s.why, "en") for s in diagnosis.steps if s.check is check)


def sent(ledger: Ledger) -> set[str]:
    assert ledger.main.retrieval
    return {c.stored.document for c in ledger.main.retrieval.contexts}


# ---- verdicts -------------------------------------------------------------------------------------------------------


def test_it_was_sent(shared: Desk) -> None:
    ledger = shared.ask()
    found = shared.of(ledger, "tls.md")
    assert ledger.main.retrieval
    (kept,) = [c for c in ledger.main.retrieval.contexts if c.stored.document == "tls.md"]
    assert (found.verdict, found.number, found.remedy) == (Obstacle.SENT, kept.number, None)
    assert kept.dense and step(found, Check.DENSE) == (Passing.PASSED, "whynot.returned")
    assert found.steps[1].why == reason("whynot.returned", rank=kept.dense.rank, score=kept.dense.score)
    assert shared.reranker.calls == [], "what was judged is not judged again"


def test_it_is_in_no_document_and_the_nearest_passage_is_shown(shared: Desk) -> None:
    found = shared.whynot.of_text(shared.ask(), "Send a letter and wait for the reply.")
    assert found.verdict is Obstacle.NOWHERE and found.remedy is None
    assert found.passage and found.passage.fit is Fit.NEAREST and found.passage.similarity < 0.85
    assert found.passage.stored.document == "tls.md"


def test_nothing_is_near_a_text_without_words(shared: Desk) -> None:
    assert shared.whynot.of_text(shared.ask(), "***").passage is None


def test_it_is_in_a_document_that_was_not_searched(shared: Desk) -> None:
    ledger = shared.ask(options=RetrievalOptions(documents=("tls.md",)))
    found = shared.of(ledger, "old/tls.md")
    assert found.verdict is Obstacle.OUT_OF_SCOPE
    assert found.remedy and found.remedy.changes == {"also": "old/tls.md"}
    assert sent(shared.again(ledger, found)) == {"tls.md", "old/tls.md"}


@pytest.mark.parametrize(
    "part",
    [Narrowing(BASE, documents=("old/",)), Narrowing(BASE, tags=("none has it",))],
    ids=["another folder", "another tag"],
)
def test_it_is_in_a_part_of_the_knowledge_base_that_was_not_searched(shared: Desk, part: Narrowing) -> None:
    ledger = shared.ask(options=RetrievalOptions(collections=(BASE,), narrowed=(part,)))
    found = shared.of(ledger, "tls.md")
    assert found.verdict is Obstacle.OUT_OF_SCOPE
    assert found.remedy and found.remedy.changes == {"whole": BASE}
    assert "tls.md" in sent(shared.again(ledger, found))


def test_it_is_in_another_knowledge_base(own: Desk, tmp_path: Path) -> None:
    own.others["second"] = open_store(tmp_path / "second", own.embedder, {"moon.md": "The moon has no air. Rotate it."})
    try:
        ledger = own.ask(options=RetrievalOptions(collections=(BASE,)))
        found = own.whynot.of_text(ledger, "The moon has no air.")
        assert found.verdict is Obstacle.OUT_OF_SCOPE
        assert found.remedy and found.remedy.changes == {"base": "second"}
        wider = changed(ledger.options, found.remedy.changes)
        assert own.whynot.of_text(own.ask(options=wider), "The moon has no air.").verdict is not Obstacle.OUT_OF_SCOPE
    finally:
        own.others["second"].close()


def test_it_is_in_a_document_that_is_switched_off(own: Desk) -> None:
    ledger = own.ask(options=RetrievalOptions(candidates=1))
    own.store.enable(["fruit.md"], False)
    found = own.whynot.of_text(ledger, "Bananas are yellow")
    assert (found.verdict, found.remedy) == (Obstacle.DISABLED, None)
    assert found.why == reason("whynot.disabled", document="fruit.md")


def test_no_search_returned_it(shared: Desk) -> None:
    ledger = shared.ask(options=RetrievalOptions(candidates=1, contexts=1, threshold=0.0))
    found = shared.of(ledger, "backup.md")
    vector = shared.embedder.embed_query(QUESTION, instruction="")
    hits = shared.store.search_dense(vector, limit=10)
    hit = next(h for h in hits if h.stored.document == "backup.md")
    assert found.verdict is Obstacle.NOT_FOUND
    at = reason("whynot.dense_at", rank=hit.rank, limit=1, score=hit.score)
    assert told(found, Check.DENSE) == text(reason("whynot.with_last", where=at, limit=1, last=hits[0].score), "en")
    assert step(found, Check.FULL_TEXT) == (Passing.STOPPED, "whynot.no_term")
    assert step(found, Check.RERANK)[1] == "whynot.judged_now" and shared.reranker.calls == [1]
    assert all(s.now for s in found.steps if s.check in (Check.DENSE, Check.FULL_TEXT, Check.RERANK))


def test_the_full_text_rank_is_told(shared: Desk) -> None:
    ledger = shared.ask(options=RetrievalOptions(candidates=1, contexts=1, mode=Mode.FULL_TEXT))
    assert ledger.main.retrieval
    (best,) = ledger.main.retrieval.candidates
    other = "old/tls.md" if best.stored.document == "tls.md" else "tls.md"
    found = shared.of(ledger, other)
    hits = shared.store.search_full_text(QUESTION, limit=10)
    rank, score = next((h.rank, h.score) for h in hits if h.stored.document == other)
    assert told(found, Check.FULL_TEXT) == text(reason("whynot.terms_at", rank=rank, limit=1, score=score), "en")
    assert step(found, Check.DENSE) == (Passing.OFF, "stages.switched_off")
    assert found.remedy and found.remedy.changes["candidates"] == rank


def test_more_candidates_admit_what_no_search_returned(shared: Desk) -> None:
    ledger = shared.ask(options=RetrievalOptions(candidates=1, contexts=1, threshold=0.5))
    found = shared.of(ledger, "old/tls.md" if sent(ledger) == {"tls.md"} else "tls.md")
    assert found.verdict in (Obstacle.NOT_FOUND, Obstacle.BEYOND_CANDIDATES)
    assert found.passage and found.remedy
    assert found.passage.stored.document in sent(shared.again(ledger, found))


def test_a_passage_that_others_outdo_is_pinned_besides(shared: Desk) -> None:
    ledger = shared.ask(options=RetrievalOptions(candidates=2, contexts=1, threshold=0.5))
    found = shared.of(ledger, "fruit.md")
    assert found.verdict is Obstacle.NOT_FOUND
    assert found.remedy and found.remedy.certain and set(found.remedy.changes) == {"candidates", "pin"}
    assert "fruit.md" in sent(shared.again(ledger, found))


def test_the_other_search_admits_what_one_did_not_return(shared: Desk) -> None:
    ledger = shared.ask("SIGHUP", options=RetrievalOptions(candidates=2, contexts=2, mode=Mode.FULL_TEXT, threshold=0))
    assert sent(ledger) == {"tls.md"}
    hits = shared.store.search_dense(shared.embedder.embed_query("SIGHUP", instruction=""), limit=2)
    (second,) = [hit.stored.document for hit in hits if hit.stored.document != "tls.md"]
    found = shared.of(ledger, second)
    assert found.verdict is Obstacle.NOT_FOUND
    assert step(found, Check.DENSE) == (Passing.OFF, "stages.switched_off")
    assert found.remedy and found.remedy.changes == {"mode": "hybrid"}
    assert second in sent(shared.again(ledger, found))


def test_it_lay_beyond_the_candidates_of_the_reranker(shared: Desk) -> None:
    for count in (1, 2):
        ledger = shared.ask(
            "certificate 向量 potassium", options=RetrievalOptions(candidates=count, contexts=1, threshold=0.0)
        )
        assert ledger.main.retrieval
        beyond = [
            c for c in ledger.main.retrieval.candidates if c.dropped and c.dropped.code == "stages.beyond_candidates"
        ]
        if beyond:
            break
    found = shared.of(ledger, beyond[0].stored.document)
    assert found.verdict is Obstacle.BEYOND_CANDIDATES
    assert step(found, Check.FUSE)[0] is Passing.STOPPED
    assert step(found, Check.RERANK)[1] == "whynot.judged_now" and shared.reranker.calls == [1]
    assert found.remedy and int(found.remedy.changes["candidates"]) > ledger.options.candidates


def test_it_missed_the_threshold(shared: Desk) -> None:
    ledger = shared.ask(options=RetrievalOptions(threshold=0.99, contexts=2))
    assert ledger.main.retrieval
    low = next(c for c in ledger.main.retrieval.candidates if c.dropped and c.dropped.code == "stages.below_threshold")
    assert low.probability is not None
    found = shared.of(ledger, low.stored.document)
    assert found.verdict is Obstacle.BELOW_THRESHOLD
    assert found.why.values == {
        "probability": pytest.approx(low.probability),
        "threshold": 0.99,
        "missing": pytest.approx(0.99 - low.probability),
    }
    assert found.remedy and found.remedy.given and found.remedy.certain


def test_it_lay_beyond_the_contexts(shared: Desk) -> None:
    ledger = shared.ask(options=RetrievalOptions(threshold=0.0, contexts=1))
    assert ledger.main.retrieval
    late = [c for c in ledger.main.retrieval.candidates if c.dropped][1]
    found = shared.of(ledger, late.stored.document)
    assert found.verdict is Obstacle.BEYOND_CONTEXTS
    assert found.remedy and found.remedy.changes == {"contexts": late.rank}


def test_another_passage_says_the_same(own: Desk) -> None:
    add(own.store, own.embedder, "copy.md", TEXTS["tls.md"])
    ledger = own.ask()
    assert ledger.main.retrieval
    twin = next(c for c in ledger.main.retrieval.candidates if c.similar_to)
    found = own.of(ledger, twin.stored.document)
    assert found.verdict is Obstacle.REPEATS
    assert found.remedy and found.remedy.changes == {"pin": twin.stored.id} and found.remedy.certain


def test_it_did_not_fit_the_prompt(shared: Desk) -> None:
    ledger = shared.ask()
    assert ledger.main.retrieval
    last = ledger.main.retrieval.contexts[-1]
    cut = replace(last, number=None, dropped=reason("generation.over_budget", needed=900, budget=600))
    candidates = tuple(cut if c is last else c for c in ledger.main.retrieval.candidates)
    ledger = with_found(ledger, replace(ledger.main.retrieval, candidates=candidates))
    found = shared.of(ledger, last.stored.document)
    assert found.verdict is Obstacle.OVER_BUDGET and found.why == cut.dropped
    assert found.remedy and found.remedy.changes == {"pin": last.stored.id} and not found.remedy.certain


def test_the_user_switched_it_off(shared: Desk) -> None:
    banned = shared.chunk("tls.md").id
    found = shared.of(shared.ask(options=RetrievalOptions(banned=(banned,))), "tls.md")
    assert found.verdict is Obstacle.BANNED
    assert found.remedy and found.remedy.changes == {"unban": banned}


def test_nothing_was_searched(shared: Desk) -> None:
    found = shared.of(with_found(shared.ask(), None), "tls.md")
    assert (found.verdict, found.steps, found.remedy) == (Obstacle.NOTHING_SEARCHED, (), None)


def test_without_a_reranker_nothing_is_judged(shared: Desk) -> None:
    ledger = shared.ask(options=RetrievalOptions(rerank=False, candidates=1, contexts=1))
    found = shared.of(ledger, "backup.md")
    assert step(found, Check.RERANK) == (Passing.OFF, "stages.switched_off")
    assert shared.reranker.calls == []


def test_a_chunk_that_is_gone_is_an_error_to_act_on(shared: Desk) -> None:
    with pytest.raises(RagError) as caught:
        shared.whynot.of_chunk(shared.ask(), "", "tls.md", "no such id")
    assert caught.value.reason == reason("whynot.chunk_gone")
    with pytest.raises(RagError):
        shared.whynot.of_text(shared.ask(), "  ")


# ---- what has changed since -----------------------------------------------------------------------------------------


def test_numbers_of_now_say_that_the_index_has_changed(own: Desk) -> None:
    ledger = own.ask(options=RetrievalOptions(candidates=1, contexts=1))
    before = own.of(ledger, "backup.md")
    assert before.changed == ()
    add_now(own, "new.md", "Rotate the certificate, rotate the certificate.")
    found = own.of(ledger, "backup.md")
    assert found.changed == (reason("whynot.index_changed", count=1, documents="new.md"),)


def test_the_record_of_a_document_that_is_gone_still_tells(own: Desk) -> None:
    ledger = own.ask()
    own.store.delete(["tls.md"])
    found = own.whynot.of_text(ledger, "Send SIGHUP and wait")
    assert found.verdict is Obstacle.SENT
    assert found.changed == (reason("whynot.document_changed", document="tls.md"),)


def test_another_model_than_the_answers_is_told(shared: Desk) -> None:
    ledger = shared.ask(options=RetrievalOptions(candidates=1, contexts=1))
    old = replace(shared.embedder.info, name="earlier")
    ledger = replace(ledger, models={**ledger.models, "embedder": old})
    found = shared.of(ledger, "backup.md")
    assert found.changed == (reason("whynot.other_model", before="earlier", now="bag-of-words"),)


def add_now(desk: Desk, name: str, content: str) -> None:
    chunk = Chunk(0, 0, len(content), (), content, 3)
    document = Document(name, "f" * 64, name, "en", len(content), 1, 3, time.time() + 1)
    desk.store.put(document, [chunk], desk.embedder.embed_documents([content]))


# ---- which passage is meant -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pasted", "document", "fit"),
    [
        pytest.param("Send SIGHUP and wait for the reload.", "tls.md", Fit.EXACT, id="as it stands"),
        pytest.param("Send   SIGHUP\nand wait", "tls.md", Fit.EXACT, id="other white space"),
        pytest.param("with the restore command", "backup.md", Fit.EXACT, id="without Markdown's marks"),
        pytest.param("A backup is taken each night. Restore it", "backup.md", Fit.CLOSE, id="one word differs"),
        pytest.param("向量的维度不能改变", "zh.md", Fit.EXACT, id="Chinese"),
        pytest.param("it with the", "backup.md", Fit.EXACT, id="nothing but small words"),
    ],
)
def test_the_passage_is_found(shared: Desk, pasted: str, document: str, fit: Fit) -> None:
    found = shared.whynot.of_text(shared.ask(), pasted)
    assert found.passage and (found.passage.stored.document, found.passage.fit) == (document, fit)


def test_a_sentence_that_was_cut_in_two_is_found(own: Desk) -> None:
    parts = ["The gate of the harbour opens two hours", "before high water and closes after it."]
    chunks = [Chunk(0, 0, 39, (), parts[0], 8), Chunk(1, 40, 78, (), parts[1], 8)]
    document = Document("tides.md", "a" * 64, "tides.md", "en", 78, 2, 16, 0.0)
    own.store.put(document, chunks, own.embedder.embed_documents(parts))
    found = own.whynot.of_text(own.ask(), "opens two hours before high water")
    assert found.passage and found.passage.fit is Fit.EXACT
    assert (found.passage.stored.document, found.passage.stored.chunk.index) == ("tides.md", 0)


def test_a_row_is_found_as_an_answer_quotes_it(own: Desk) -> None:
    add_now(own, "stations.md", "| Station | Interval (months) |\n|---|---|\n| Willow | 5 |")
    found = own.whynot.of_text(own.ask(), "Willow: Interval 5 months")
    assert found.passage and (found.passage.stored.document, found.passage.fit) == ("stations.md", Fit.EXACT)


# ---- what would admit it, for any options ---------------------------------------------------------------------------

NAMES = [f"c{n}" for n in range(8)]


def one(name: str, log_odds: float | None, words: str = "") -> Candidate:
    text = f"{name} {words}"
    stored = StoredChunk(name, name, "0" * 64, "en", Chunk(0, 0, len(text), (), text, 2))
    rank = NAMES.index(name) + 1
    return Candidate(stored, dense=Ranked(rank, 1 / rank), fused=Ranked(rank, 1 / rank), log_odds=log_odds)


RETRIEVALS = st.builds(
    lambda odds, threshold, contexts, banned: settled(
        "q",
        RetrievalOptions(threshold=threshold, contexts=contexts, banned=tuple(banned)),
        by_log_odds([one(name, value) for name, value in zip(NAMES, odds, strict=True)]),
        Fusion(),
    ),
    st.lists(st.floats(-6, 6), min_size=8, max_size=8),
    st.sampled_from([0.0, 0.17, 0.5, 0.9, 1.0]),
    st.integers(1, 6),
    st.sets(st.sampled_from(NAMES), max_size=2),
)


@examples(150)
@given(RETRIEVALS, st.sampled_from(NAMES))
def test_the_remedy_for_a_candidate_admits_it(retrieval: Retrieval, name: str) -> None:
    kept = {c.stored.id for c in retrieval.contexts}
    remedy = among_candidates(retrieval, name)
    assert (remedy is None) == (name in kept)
    if remedy:
        after = reselect(retrieval, changed(retrieval.options, remedy.changes))
        assert name in {c.stored.id for c in after.contexts}
        assert len(remedy.changes) == 1 or all(
            name not in {c.stored.id for c in reselect(retrieval, changed(retrieval.options, {key: value})).contexts}
            for key, value in remedy.changes.items()
        )


@given(st.floats(0, 1))
def test_a_threshold_below_lets_it_pass_and_is_the_highest_the_page_can_set(probability: float) -> None:
    threshold = below(probability)
    assert 0 <= threshold <= probability + 1e-9
    assert probability - threshold < 0.01 + 1e-6


@given(st.permutations(NAMES), st.permutations(NAMES), st.integers(1, 5), st.sampled_from(NAMES))
def test_enough_candidates_are_the_least_that_are_enough(
    dense: list[str], full_text: list[str], now: int, name: str
) -> None:
    def hits(names: list[str]) -> list[Hit]:
        return [Hit(one(n, None).stored, rank, 1 / rank) for rank, n in enumerate(names, 1)]

    count = enough_candidates(hits(dense), hits(full_text), name, Fusion(), now=now)
    reached = [
        n
        for n in range(now + 1, MOST_CANDIDATES + 1)
        if name in {c.stored.id for c in fuse(hits(dense)[:n], hits(full_text)[:n], Fusion())[:n]}
    ]
    assert count == (reached[0] if reached else None)


@pytest.mark.parametrize(
    "changes",
    [
        {"threshold": "0"}, {"threshold": float("nan")}, {"contexts": True}, {"mode": "none"}, {"mode": ["dense"]},
        {"pin": 7}, {"pin": ""}, {"document": None}, {"also": "x"}, {"unknown": 1}, {"__class__": 1},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_change_changes_nothing(changes: dict[str, object]) -> None:
    options = RetrievalOptions()
    assert changed(options, changes) == options


def test_changes_keep_to_the_bounds_of_the_page() -> None:
    assert [TABLE[name].high for name in ("candidates", "contexts")] == [MOST_CANDIDATES, MOST_CONTEXTS]
    wide = changed(RetrievalOptions(), {"threshold": -3, "contexts": 99, "candidates": 10_000})
    assert (wide.threshold, wide.contexts, wide.candidates) == (0.0, MOST_CONTEXTS, MOST_CANDIDATES)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_verdict_can_be_told(shared: Desk, language: str) -> None:
    ledger = shared.ask(options=RetrievalOptions(candidates=1, contexts=1, threshold=0.9))
    for name in TEXTS:
        found = shared.of(ledger, name)
        assert text(found.why, language)
        assert all(text(each.why, language) for each in found.steps)
