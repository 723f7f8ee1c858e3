"""The two-stage policy, event by event: real Milvus Lite, fake models."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from rag.errors import ModelsError, RagError, StoreSilent, StoreUnavailable
from rag.events import Cancel, Retrieved, Stage, StageEvent, StageState
from rag.messages import Reason, reason
from rag.protocols import Embedder, Reranker, Store
from rag.retrieval.retriever import Policy, Retriever
from rag.status import ModelInfo
from rag.store import MilvusStore
from rag.types import Hit, Mode, RerankLimits, Retrieval, RetrievalOptions, Vectors
from tests.support.fakes import BagEmbedder, OverlapReranker
from tests.support.knowledge import TEXTS, open_store

OPTIONS = RetrievalOptions(candidates=5, contexts=2, threshold=0.1, instruction="find")
QUESTION = "how to rotate the certificate"
ASLEEP = reason("store.closed", uri="x")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusStore]:
    opened = open_store(tmp_path_factory.mktemp("store"), BagEmbedder())
    yield opened
    opened.close()


def retriever(
    store: Store,
    *,
    embedder: Embedder | None = None,
    reranker: Reranker | None = None,
    policy: Policy | None = None,
    language: str = "en",
) -> Retriever:
    clock = itertools.count()
    return Retriever(
        embedder or BagEmbedder(),
        reranker or OverlapReranker(),
        store,
        detect_language=lambda _: language,
        policy=policy or Policy(),
        now=lambda: float(next(clock)),
    )


def run(
    retriever: Retriever, query: str = QUESTION, options: RetrievalOptions = OPTIONS
) -> tuple[dict[Stage, StageEvent], Retrieval]:
    events = list(retriever.run(query, options, cancel=Cancel()))
    last = {e.stage: e for e in events if isinstance(e, StageEvent)}
    assert isinstance(events[-1], Retrieved)
    return last, events[-1].retrieval


def states(stages: dict[Stage, StageEvent]) -> dict[Stage, StageState]:
    return {stage: event.state for stage, event in stages.items()}


class Broken:
    """A part that gives way in the way it is told."""

    dimension = 64
    max_tokens = 8192

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.info = ModelInfo("broken", "1", "cpu", "float32", score_name="p_yes")

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        raise self.error

    def stream_documents(self, texts: Sequence[str]) -> Iterator[tuple[Sequence[int], Vectors]]:
        raise self.error

    def embed_query(self, query: str, *, instruction: str) -> Vectors:
        raise self.error

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        raise self.error

    def score(
        self, query: str, texts: Sequence[str], *, instruction: str, cut: RerankLimits | None = None
    ) -> Iterator[tuple[int, float]]:
        yield 1, 3.0
        raise self.error


class Away(MilvusStore):
    """The real store, whose searches fail as told."""

    def __init__(self, store: MilvusStore, *, dense: bool, full_text: bool, missing: Reason | None = None) -> None:
        self.__dict__.update(store.__dict__)
        self.away = dense, full_text
        self.missing = missing

    def full_text_missing(self) -> Reason | None:
        return self.missing

    def search_dense(self, vector: Vectors, *, limit: int, documents: Sequence[str] = ()) -> list[Hit]:
        if self.away[0]:
            raise StoreUnavailable(ASLEEP)
        return super().search_dense(vector, limit=limit, documents=documents)

    def search_full_text(self, query: str, *, limit: int, documents: Sequence[str] = ()) -> list[Hit]:
        if self.away[1]:
            raise StoreUnavailable(ASLEEP)
        return super().search_full_text(query, limit=limit, documents=documents)


class Silent(MilvusStore):
    """The real store on a server that hangs: every search is waited for in vain."""

    def __init__(self, store: MilvusStore) -> None:
        self.__dict__.update(store.__dict__)
        self.waited = 0

    def search_dense(self, vector: Vectors, *, limit: int, documents: Sequence[str] = ()) -> list[Hit]:
        self.waited += 1
        raise StoreSilent(ASLEEP)

    def search_full_text(self, query: str, *, limit: int, documents: Sequence[str] = ()) -> list[Hit]:
        self.waited += 1
        raise StoreSilent(ASLEEP)


def test_a_server_that_hangs_is_waited_for_once(store: MilvusStore) -> None:
    silent = Silent(store)
    events: list[StageEvent] = []
    with pytest.raises(StoreSilent):
        for event in retriever(silent).run(QUESTION, OPTIONS, cancel=Cancel()):
            if isinstance(event, StageEvent):
                events.append(event)
    assert silent.waited == 1
    ended = {e.stage: (e.state, e.reason) for e in events}
    assert ended[Stage.DENSE] == (StageState.FAILED, ASLEEP) and ended[Stage.FULL_TEXT] == (StageState.SKIPPED, ASLEEP)


def test_the_whole_path(store: MilvusStore) -> None:
    stages, found = run(retriever(store))
    best = found.candidates[0]
    assert best.stored.document == "tls.md"
    assert (best.number, best.rank, best.dropped) == (1, 1, None)
    assert best.dense and best.full_text and best.fused and best.log_odds is not None
    assert states(stages) == dict.fromkeys(
        (Stage.EMBED, Stage.DENSE, Stage.FULL_TEXT, Stage.FUSE, Stage.RERANK, Stage.SELECT), StageState.FINISHED
    )
    assert all(event.milliseconds for event in stages.values())


def test_every_candidate_is_kept_or_has_a_reason(store: MilvusStore) -> None:
    _, found = run(retriever(store), options=replace(OPTIONS, threshold=0.02, contexts=1))
    assert [c.rank for c in found.candidates] == list(range(1, len(TEXTS) + 1))
    assert [c.number for c in found.contexts] == [1]
    assert all((c.number is None) == (c.dropped is not None) for c in found.candidates)
    assert {c.dropped.code for c in found.candidates if c.dropped} == {
        "stages.beyond_contexts",
        "stages.below_threshold",
    }


def test_results_are_ordered_by_the_reranker(store: MilvusStore) -> None:
    _, found = run(retriever(store), "restore the backup with a command")
    odds = [c.log_odds for c in found.candidates if c.log_odds is not None]
    assert odds == sorted(odds, reverse=True) and len(set(odds)) > 1


def test_chinese_full_text(store: MilvusStore) -> None:
    _, found = run(retriever(store), "向量维度", replace(OPTIONS, mode=Mode.FULL_TEXT))
    assert [c.stored.document for c in found.contexts] == ["zh.md"]


@pytest.mark.parametrize(
    ("mode", "skipped"),
    [
        pytest.param(Mode.DENSE, {Stage.FULL_TEXT}, id="dense only"),
        pytest.param(Mode.FULL_TEXT, {Stage.EMBED, Stage.DENSE}, id="full text only"),
    ],
)
def test_a_mode_skips_what_it_does_not_use(store: MilvusStore, mode: Mode, skipped: set[Stage]) -> None:
    stages, found = run(retriever(store), options=replace(OPTIONS, mode=mode))
    assert {s for s, e in stages.items() if e.state is StageState.SKIPPED} == skipped
    assert all(stages[s].reason == reason("stages.switched_off") for s in skipped)
    assert found.candidates[0].stored.document == "tls.md"


def test_only_the_documents_asked_for(store: MilvusStore) -> None:
    _, found = run(retriever(store), options=replace(OPTIONS, documents=("backup.md", "fruit.md"), threshold=0.0))
    assert {c.stored.document for c in found.candidates} == {"backup.md", "fruit.md"}


def test_without_reranker_the_fused_order_stands_and_no_threshold_applies(store: MilvusStore) -> None:
    stages, found = run(retriever(store), options=replace(OPTIONS, rerank=False))
    assert stages[Stage.RERANK].state is StageState.SKIPPED
    assert [c.fused.rank for c in found.candidates if c.fused] == list(range(1, len(found.candidates) + 1))
    assert len(found.contexts) == OPTIONS.contexts and all(c.probability is None for c in found.candidates)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        pytest.param(
            RuntimeError("out of memory"), reason("stages.broke_down", kind="RuntimeError"), id="torch gives way"
        ),
        pytest.param(ModelsError(ASLEEP), ASLEEP, id="a named error keeps its words"),
    ],
)
def test_a_broken_reranker_is_told_and_what_it_judged_is_used(
    store: MilvusStore, error: Exception, why: Reason
) -> None:
    stages, found = run(retriever(store, reranker=Broken(error)))
    assert (stages[Stage.RERANK].state, stages[Stage.RERANK].reason) == (StageState.FAILED, why)
    judged, *rest = found.candidates
    assert judged.log_odds == 3.0 and judged.fused and judged.fused.rank == 2
    assert [c.fused.rank for c in rest if c.fused] == [1, 3, 4, 5]
    assert len(found.contexts) == OPTIONS.contexts


def test_a_score_that_comes_again_replaces_the_first_and_counts_once(store: MilvusStore) -> None:
    class Repairing(OverlapReranker):
        def score(
            self, query: str, texts: Sequence[str], *, instruction: str, cut: RerankLimits | None = None
        ) -> Iterator[tuple[int, float]]:
            yield from super().score(query, texts, instruction=instruction)
            yield 1, 9.0

    stages, found = run(retriever(store, reranker=Repairing()))
    assert (stages[Stage.RERANK].done, stages[Stage.RERANK].total) == (5, 5)
    assert found.candidates[0].log_odds == 9.0


def test_a_broken_embedder_leaves_full_text(store: MilvusStore) -> None:
    stages, found = run(retriever(store, embedder=Broken(RuntimeError("no"))))
    assert stages[Stage.EMBED].state is StageState.FAILED
    assert (stages[Stage.DENSE].state, stages[Stage.DENSE].reason) == (StageState.SKIPPED, reason("stages.no_vector"))
    assert found.candidates[0].stored.document == "tls.md" and found.candidates[0].dense is None


@pytest.mark.parametrize(("dense", "full_text"), [(True, False), (False, True)], ids=["dense", "full text"])
def test_one_failed_search_leaves_the_other(store: MilvusStore, dense: bool, full_text: bool) -> None:
    stages, found = run(retriever(Away(store, dense=dense, full_text=full_text)))
    failed = Stage.DENSE if dense else Stage.FULL_TEXT
    assert (stages[failed].state, stages[failed].reason) == (StageState.FAILED, ASLEEP)
    assert found.candidates[0].stored.document == "tls.md"


@pytest.mark.parametrize(
    ("away", "mode", "why"),
    [
        pytest.param({"dense": True, "full_text": True}, Mode.HYBRID, ASLEEP, id="both fail"),
        pytest.param({"dense": True, "full_text": False}, Mode.DENSE, ASLEEP, id="the only one fails"),
        pytest.param(
            {"dense": False, "full_text": False, "missing": reason("stages.no_model")},
            Mode.FULL_TEXT,
            reason("stages.no_model"),
            id="full text asked of a server without it",
        ),
    ],
)
def test_when_nothing_could_search_it_is_an_error(
    store: MilvusStore, away: dict[str, bool], mode: Mode, why: Reason
) -> None:
    with pytest.raises(RagError) as caught:
        run(retriever(Away(store, **away)), options=replace(OPTIONS, mode=mode))  # type: ignore[arg-type]
    assert caught.value.reason == why


def test_a_time_budget_ends_reranking_and_says_so(store: MilvusStore) -> None:
    stages, found = run(retriever(store, policy=Policy(rerank_seconds=2.0)))
    event = stages[Stage.RERANK]
    assert event.state is StageState.FINISHED and event.done < event.total
    assert event.reason == reason("stages.out_of_time", done=event.done, total=event.total, seconds=2.0)
    unjudged = [c for c in found.candidates if c.log_odds is None]
    assert unjudged == sorted(unjudged, key=lambda c: c.fused.rank if c.fused else 0)
    assert [c.log_odds is None for c in found.candidates] == [False] * event.done + [True] * len(unjudged)


def test_a_language_the_embedder_does_not_know_is_left_to_full_text(store: MilvusStore) -> None:
    embedder = BagEmbedder()
    embedder.info = replace(embedder.info, languages=("en",))
    _, english = run(retriever(store, embedder=embedder))
    _, foreign = run(retriever(store, embedder=embedder, language="zh"))
    by_full_text = [c for c in foreign.candidates if c.full_text]
    assert {c.fused.rank for c in by_full_text if c.fused} == set(range(1, len(by_full_text) + 1))
    assert all(c.fused and c.fused.score == 0.0 for c in foreign.candidates if not c.full_text)
    assert all(c.fused and c.fused.score > 0.0 for c in english.candidates)


def test_candidates_beyond_the_limit_are_not_reranked(store: MilvusStore) -> None:
    class Elsewhere(BagEmbedder):
        def embed_query(self, query: str, *, instruction: str) -> Vectors:
            return super().embed_query("bananas yellow potassium", instruction=instruction)

    _, found = run(retriever(store, embedder=Elsewhere()), options=replace(OPTIONS, candidates=1))
    first, second = found.candidates
    assert {first.stored.document, second.stored.document} == {"tls.md", "fruit.md"}
    assert first.log_odds is not None and second.log_odds is None
    assert second.dropped == reason("stages.beyond_candidates", limit=1)


@pytest.mark.parametrize("after", [Stage.DENSE, Stage.FULL_TEXT, Stage.RERANK])
def test_stop_ends_it_at_every_stage(store: MilvusStore, after: Stage) -> None:
    cancel, seen = Cancel(), []
    for event in retriever(store).run(QUESTION, OPTIONS, cancel=cancel):
        seen.append(event)
        if isinstance(event, StageEvent) and event.stage is after and event.state is not StageState.STARTED:
            cancel.cancel()
    assert not any(isinstance(e, Retrieved) for e in seen)
    assert seen[-1].stage is after if isinstance(seen[-1], StageEvent) else False


def test_when_time_is_out_judged_candidates_are_not_judged_better(store: MilvusStore) -> None:
    class Repairing(OverlapReranker):
        def score(
            self, query: str, texts: Sequence[str], *, instruction: str, cut: RerankLimits | None = None
        ) -> Iterator[tuple[int, float]]:
            yield from enumerate([1.0] * len(texts))
            yield from enumerate([9.0] * len(texts))

    stages, found = run(retriever(store, reranker=Repairing(), policy=Policy(rerank_seconds=11.0)))
    event = stages[Stage.RERANK]
    assert (event.state, event.done, event.total, event.reason) == (StageState.FINISHED, 5, 5, None)
    assert {c.log_odds for c in found.candidates} == {1.0, 9.0}


def test_the_instruction_reaches_both_models_and_the_cut_the_reranker(store: MilvusStore) -> None:
    told: list[str] = []
    cuts: list[RerankLimits | None] = []

    class Listening(BagEmbedder):
        def embed_query(self, query: str, *, instruction: str) -> Vectors:
            told.append(instruction)
            return super().embed_query(query, instruction=instruction)

    class ListeningToo(OverlapReranker):
        def score(
            self, query: str, texts: Sequence[str], *, instruction: str, cut: RerankLimits | None = None
        ) -> Iterator[tuple[int, float]]:
            told.append(instruction)
            cuts.append(cut)
            return super().score(query, texts, instruction=instruction)

    run(retriever(store, embedder=Listening(), reranker=ListeningToo()), options=replace(OPTIONS, threshold=0.5))
    assert told == ["find", "find"]
    assert cuts == [RerankLimits(OPTIONS.contexts, 0.0)]


def test_an_empty_store_gives_no_candidates(tmp_path: Path) -> None:
    empty = open_store(tmp_path, BagEmbedder(), {})
    stages, found = run(retriever(empty))
    empty.close()
    assert found.candidates == ()
    assert stages[Stage.RERANK].reason == reason("stages.nothing_found")
