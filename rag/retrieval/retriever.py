"""The two-stage retrieval policy: search, fuse, rerank, select. Knows neither which models nor which database.

Every stage speaks through events. A stage that fails does not end the answer while another can stand in: without
dense search full text goes on, without a reranker the fused order stands, and the events say so.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace

from rag.errors import RagError, StoreError, StoreSilent
from rag.events import Cancel, Judging, Retrieved, Stage, StageEvent
from rag.messages import Reason, reason
from rag.protocols import Embedder, Reranker, Searchable
from rag.text.language import UNDETERMINED
from rag.types import Candidate, Fusion, Hit, Mode, RetrievalOptions, StoredChunk

from .fusion import fuse, fuse_again
from .lookup import NameSearch, look_up
from .selection import by_log_odds, cut_among, in_reach, settled
from .spelling import Spelled, spelled
from .stages import BREAKDOWNS, Stopwatch, breakdown

log = logging.getLogger(__name__)

FirstStage = Generator[StageEvent, None, list[Hit] | Reason]
"""Events of a first-stage search; returns its hits, or the reason why it could not run."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Constants of fusion, and the time limit of the reranker; 0 is none.

    `foreign_dense_weight` is the weight of dense search for a query in a language the embedding model does not know.
    """

    rrf_k: int = 60
    foreign_dense_weight: float = 0.0
    rerank_seconds: float = 0.0


class Retriever:
    """Runs the two stages over one scope."""

    def __init__(
        self,
        embedder: Embedder,
        reranker: Reranker,
        scope: Searchable,
        *,
        detect_language: Callable[[str], str],
        policy: Policy,
        now: Callable[[], float] = time.monotonic,
        remark: Callable[[], Reason | None] = lambda: None,
    ) -> None:
        """`remark` says after a search what of the scope it had to do without."""
        self._embedder = embedder
        self._reranker = reranker
        self._scope = scope
        self._detect_language = detect_language
        self._policy = policy
        self._now = now
        self._remark = remark

    def run(
        self, query: str, options: RetrievalOptions, *, cancel: Cancel, search: int = 1, judged_by: str = ""
    ) -> Iterator[StageEvent | Judging | Retrieved]:
        """Events of every stage, then `Retrieved`; nothing more once cancelled. `search` numbers it among those of an
        answer, for the events to say. What is found for the query is judged by another one, where that is given.

        Raises RagError when no search could run at all.
        """
        watch = Stopwatch(self._now, search=search)
        asked = judged_by or query
        dense = yield from self._dense(query, options, watch)
        if cancel:
            return
        full_text = yield from self._full_text(query, options, watch)
        if cancel:
            return
        if isinstance(dense, Reason) and isinstance(full_text, Reason):
            raise RagError(dense if options.mode is not Mode.FULL_TEXT else full_text)
        yield watch.start(Stage.FUSE)
        fusion = self._fusion(query, options, both=not isinstance(dense, Reason) and not isinstance(full_text, Reason))
        named = self._named(asked, fuse(_hits(dense), _hits(full_text), fusion), options)
        remark = reason("stages.found_by_name", count=named.found) if named.found else None
        yield watch.finish(Stage.FUSE, done=len(named.candidates), why=remark)
        judged = yield from self._rerank(asked, fuse_again(named.candidates, fusion), options, watch, cancel)
        if cancel:
            return
        yield watch.start(Stage.SELECT)
        retrieval = settled(asked, options, judged, fusion, missing=named.missing)
        yield watch.selected(retrieval)
        yield Retrieved(retrieval, search)

    def judge(
        self, query: str, passages: Sequence[StoredChunk], options: RetrievalOptions, *, cancel: Cancel, search: int
    ) -> Iterator[StageEvent | Judging | Retrieved]:
        """The events of a search whose first stages found these passages, which were read."""
        watch = Stopwatch(self._now, search=search)
        for stage in (Stage.EMBED, Stage.DENSE, Stage.FULL_TEXT, Stage.FUSE):
            yield watch.skip(stage, reason("stages.was_read"))
        whole = replace(options, candidates=max(options.candidates, len(passages)))
        judged = yield from self._rerank(query, [Candidate(one) for one in passages], whole, watch, cancel)
        if cancel:
            return
        yield watch.start(Stage.SELECT)
        retrieval = settled(query, options, judged, Fusion(self._policy.rrf_k))
        yield watch.selected(retrieval)
        yield Retrieved(retrieval, search)

    def spelled(self, query: str, options: RetrievalOptions) -> Spelled:
        """The query with its slips of the pen corrected; as it is where the documents cannot be asked."""
        try:
            return spelled(query, self._scope, options.documents, count_tokens=self._embedder.count_tokens)
        except BREAKDOWNS:
            log.warning("the words of a query could not be looked up", exc_info=True)
            return Spelled(query)

    def _dense(self, query: str, options: RetrievalOptions, watch: Stopwatch) -> FirstStage:
        if options.mode is Mode.FULL_TEXT:
            off = reason("stages.switched_off")
            yield watch.skip(Stage.EMBED, off)
            yield watch.skip(Stage.DENSE, off)
            return off
        yield watch.start(Stage.EMBED)
        try:
            vector = self._embedder.embed_query(query, instruction=options.instruction)
        except BREAKDOWNS as e:
            why = breakdown(Stage.EMBED, e)
            yield watch.fail(Stage.EMBED, why)
            yield watch.skip(Stage.DENSE, reason("stages.no_vector"))
            return why
        yield watch.finish(Stage.EMBED)
        yield watch.start(Stage.DENSE)
        try:
            hits = self._scope.search_dense(vector, limit=options.candidates, documents=options.documents)
        except StoreSilent as e:
            yield watch.fail(Stage.DENSE, e.reason)
            yield watch.skip(Stage.FULL_TEXT, e.reason)
            raise
        except StoreError as e:
            yield watch.fail(Stage.DENSE, e.reason)
            return e.reason
        yield watch.finish(Stage.DENSE, done=len(hits), why=self._remark())
        return hits

    def _full_text(self, query: str, options: RetrievalOptions, watch: Stopwatch) -> FirstStage:
        off = reason("stages.switched_off") if options.mode is Mode.DENSE else self._scope.full_text_missing()
        if off:
            yield watch.skip(Stage.FULL_TEXT, off)
            return off
        yield watch.start(Stage.FULL_TEXT)
        try:
            hits = self._scope.search_full_text(query, limit=options.candidates, documents=options.documents)
        except StoreError as e:
            yield watch.fail(Stage.FULL_TEXT, e.reason)
            return e.reason
        yield watch.finish(Stage.FULL_TEXT, done=len(hits), why=self._remark())
        return hits

    def _named(self, query: str, fused: Sequence[Candidate], options: RetrievalOptions) -> NameSearch:
        """The candidates with what they have of the query's names; as they are where that cannot be looked up."""
        try:
            return look_up(query, fused, self._scope, options.documents)
        except StoreError:
            log.warning("the names of a query could not be looked up", exc_info=True)
            return NameSearch(tuple(fused))

    def _fusion(self, query: str, options: RetrievalOptions, *, both: bool) -> Fusion:
        """The weights for a query; where `both` searches ran, one can stand in for the other."""
        known = self._embedder.info.languages
        language = self._detect_language(query)
        foreign = bool(known) and language not in known
        dense = self._policy.foreign_dense_weight if foreign else options.dense_weight
        across = both and not foreign and language != UNDETERMINED
        return Fusion(
            self._policy.rrf_k,
            dense_weight=dense,
            full_text_weight=options.full_text_weight,
            language=language if across else "",
        )

    def _rerank(
        self, query: str, fused: Sequence[Candidate], options: RetrievalOptions, watch: Stopwatch, cancel: Cancel
    ) -> Generator[StageEvent | Judging, None, list[Candidate]]:
        head, beyond = in_reach(fused, options.candidates)
        if not options.rerank or not head:
            why = reason("stages.switched_off") if head else reason("stages.nothing_found")
            yield watch.skip(Stage.RERANK, why)
            return head + beyond
        yield watch.start(Stage.RERANK, total=len(head))
        yield Judging(tuple(head), 0, watch.search)
        texts = [c.stored.chunk.embedded_text for c in head]
        scores = self._reranker.score(query, texts, instruction=options.instruction, cut=cut_among(head, options))
        seen: set[int] = set()
        unfinished = None
        try:
            for position, log_odds in scores:
                head[position] = replace(head[position], log_odds=log_odds)
                seen.add(position)
                yield watch.progress(Stage.RERANK, len(seen), len(head))
                yield Judging(tuple(by_log_odds(head)), len(seen), watch.search)
                if cancel:
                    break
                if self._out_of_time(watch):  # also when all are judged: what would follow are more exact values
                    if len(seen) < len(head):
                        unfinished = reason(
                            "stages.out_of_time", done=len(seen), total=len(head), seconds=self._policy.rerank_seconds
                        )
                    break
        except BREAKDOWNS as e:
            yield watch.fail(Stage.RERANK, breakdown(Stage.RERANK, e))
        else:
            yield watch.finish(Stage.RERANK, done=len(seen), total=len(head), why=unfinished)
        return by_log_odds(head) + beyond

    def _out_of_time(self, watch: Stopwatch) -> bool:
        return 0 < self._policy.rerank_seconds <= watch.elapsed(Stage.RERANK) / 1000


def _hits(outcome: list[Hit] | Reason) -> list[Hit]:
    return [] if isinstance(outcome, Reason) else outcome
