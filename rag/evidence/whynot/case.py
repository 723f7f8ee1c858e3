"""One passage against one answer: the verdict, read from the answer's record, and measured where that is silent.

What is measured now is true of the index and models as they are now; where they have changed since the answer, the
diagnosis says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from rag.events import Stage, StageState
from rag.ledger import Ledger, Search, made
from rag.messages import Reason, reason
from rag.protocols import Embedder, Reranker, Searchable, Store
from rag.retrieval.names import told
from rag.retrieval.stages import BREAKDOWNS, breakdown
from rag.text.terms import query_terms, terms
from rag.types import Candidate, Mode, Named, Ranked, RetrievalOptions, StoredChunk, Vectors, sigmoid, within

from .diagnosis import Check, Diagnosis, Obstacle, Passing, Step
from .passages import Passage
from .remedies import Remedy, among_candidates
from .since import Since
from .widening import Widening

DEPTH = 1_000
"""Ranks that are looked for."""

_DROPPED = {
    "stages.below_threshold": Obstacle.BELOW_THRESHOLD,
    "stages.doubtful": Obstacle.BELOW_THRESHOLD,
    "stages.beyond_contexts": Obstacle.BEYOND_CONTEXTS,
    "stages.beyond_candidates": Obstacle.BEYOND_CANDIDATES,
    "stages.banned": Obstacle.BANNED,
    "generation.over_budget": Obstacle.OVER_BUDGET,
    "stages.without_name": Obstacle.WITHOUT_NAME,
    "duplicates.repeats": Obstacle.REPEATS,
}


@dataclass(frozen=True, slots=True)
class MadeWith:
    """What an answer is made with: the knowledge bases by id, what a question with some options searches, the models,
    and the knowledge base that is searched unless others are named."""

    stores: Mapping[str, Store]
    scope: Callable[[RetrievalOptions], Searchable]
    embedder: Embedder
    reranker: Reranker
    default: str


@dataclass
class Case:
    """One passage against one answer; what was measured is kept until the diagnosis is made.

    Of several searches the one counts that sent the passage or came nearest to that; one that none found is held
    against the first.
    """

    parts: MadeWith
    ledger: Ledger
    passage: Passage
    log_odds: float | None = None
    vector: Vectors | None = None
    measured: bool = False
    steps: list[Step] = field(default_factory=list)

    @cached_property
    def search(self) -> Search:
        return self.ledger.finder(self.stored.id) or next(iter(made(self.ledger.searches)), self.ledger.main)

    @property
    def stored(self) -> StoredChunk:
        return self.passage.stored

    @property
    def options(self) -> RetrievalOptions:
        return self.search.options

    @property
    def base(self) -> str:
        """Id of the knowledge base the passage is in."""
        return self.stored.collection or self.parts.default

    @property
    def searched(self) -> tuple[str, ...]:
        """Ids of the knowledge bases the question was asked of."""
        return self.options.collections or (self.parts.default,)

    @cached_property
    def scope(self) -> Searchable:
        return self.parts.scope(self.options)

    def diagnosis(self) -> Diagnosis:
        if self.search.retrieval is None:
            why = self.ledger.reason or reason("whynot.nothing_searched")
            return Diagnosis(Obstacle.NOTHING_SEARCHED, why, self.passage)
        candidate = next((c for c in self.search.candidates if c.stored.id == self.stored.id), None)
        verdict, why, remedy = self._of_candidate(candidate) if candidate else self._of_stranger()
        number = candidate.number if candidate else None
        steps = tuple(self.steps)
        return Diagnosis(verdict, why, self.passage, number, steps, self._changed(), remedy, self.search.number)

    # ---- what the record says of a candidate ------------------------------------------------------------------------

    def _of_candidate(self, c: Candidate) -> tuple[Obstacle, Reason, Remedy | None]:
        assert self.search.retrieval is not None
        self._step(Check.SCOPE, Passing.PASSED, reason("whynot.in_scope", document=self.stored.document))
        self._returned(Check.DENSE, Stage.DENSE, c.dense)
        self._returned(Check.FULL_TEXT, Stage.FULL_TEXT, c.full_text)
        verdict = _DROPPED.get(c.dropped.code, Obstacle.OTHERWISE) if c.dropped else Obstacle.SENT
        beyond = verdict is Obstacle.BEYOND_CANDIDATES
        if c.fused:
            passing = Passing.STOPPED if beyond else Passing.PASSED
            self._step(Check.FUSE, passing, reason("whynot.fused", rank=c.fused.rank, limit=self.options.candidates))
        self.log_odds = c.log_odds
        self._judged()
        if c.dropped is None:
            why = reason("whynot.sent", number=c.number or 0)
            self._step(Check.SELECT, Passing.PASSED, why)
            return verdict, why, None
        self._step(Check.SELECT, Passing.OFF if beyond else Passing.STOPPED, c.dropped)
        why = self._margin(verdict, c.dropped)
        if c.named is Named.OTHER and verdict is not Obstacle.WITHOUT_NAME and (named := told(c)):
            why = reason("whynot.other_name", why=why, named=named)
        return verdict, why, self._remedy_for(c, verdict)

    def _margin(self, verdict: Obstacle, dropped: Reason) -> Reason:
        """By how much the threshold was missed, where that is what stopped it."""
        if dropped.code != "stages.below_threshold" or self.log_odds is None:
            return dropped
        probability, threshold = sigmoid(self.log_odds), self.options.threshold
        values = {"probability": probability, "threshold": threshold, "missing": threshold - probability}
        return reason("whynot.below", **values)

    def _remedy_for(self, c: Candidate, verdict: Obstacle) -> Remedy | None:
        assert self.search.retrieval is not None
        if verdict is Obstacle.OVER_BUDGET:
            return Remedy({"pin": c.stored.id}, given=True, certain=False)  # what is pinned comes first
        if verdict is Obstacle.BEYOND_CANDIDATES:
            return self._wider()
        return among_candidates(self.search.retrieval, c.stored.id)

    def _returned(self, check: Check, stage: Stage, ranked: Ranked | None) -> None:
        off = self._off(stage)
        if ranked:
            self._step(check, Passing.PASSED, reason("whynot.returned", rank=ranked.rank, score=ranked.score))
        elif off:
            self._step(check, Passing.OFF, off)
        else:
            self._step(check, Passing.STOPPED, reason("whynot.not_returned", limit=self.options.candidates))

    def _off(self, stage: Stage) -> Reason | None:
        """Reason a search was not made; None where it was made, its result was reused, or the record does not tell."""
        if self.options.mode is (Mode.DENSE if stage is Stage.FULL_TEXT else Mode.FULL_TEXT):
            return reason("stages.switched_off")
        event = next((e for e in self.search.stages if e.stage is stage), None)
        if event is None or event.state not in (StageState.SKIPPED, StageState.FAILED):
            return None
        return None if event.reason == reason("stages.reused") else event.reason

    # ---- what is measured of a passage no search returned -----------------------------------------------------------

    def _of_stranger(self) -> tuple[Obstacle, Reason, Remedy | None]:
        outside = self._outside()
        if outside:
            verdict, why, remedy = outside
            self._step(Check.SCOPE, Passing.STOPPED, why)
            self._judged()
            return verdict, why, remedy
        self._step(Check.SCOPE, Passing.PASSED, reason("whynot.in_scope", document=self.stored.document))
        dense = self._dense()
        full_text = self._full_text()
        self._step(Check.FUSE, Passing.OFF, reason("whynot.no_candidate"))
        self._judged()
        return Obstacle.NOT_FOUND, reason("whynot.not_found", dense=dense, full_text=full_text), self._wider()

    def _outside(self) -> tuple[Obstacle, Reason, Remedy | None] | None:
        name = self.stored.document
        store = self.parts.stores.get(self.base)
        document = next((d for d in store.documents() if d.name == name), None) if store else None
        if document and not document.enabled:
            return Obstacle.DISABLED, reason("whynot.disabled", document=name), None
        lift: dict[str, str | float | int] = {}
        if self.base not in self.searched:
            lift = {"base": self.base}
        elif not within(name, self.options.documents):
            lift = {"also": name}
        elif not self._in_part(name, document.tags if document else ()):
            lift = {"whole": self.base}
        if not lift:
            return None
        remedy = Remedy(lift, given=False, certain=False)
        return Obstacle.OUT_OF_SCOPE, reason("whynot.out_of_scope", document=name), remedy

    def _in_part(self, name: str, tags: Sequence[str]) -> bool:
        parts = [part for part in self.options.narrowed if part.collection == self.base]
        return all(within(name, p.documents) and (not p.tags or set(p.tags) & set(tags)) for p in parts)

    def _dense(self) -> Reason:
        off = self._off(Stage.DENSE)
        if off:
            return self._step(Check.DENSE, Passing.OFF, off)
        hits = self.scope.search_dense(self._query(), limit=DEPTH, documents=self.options.documents)
        hit = next((hit for hit in hits if hit.stored.id == self.stored.id), None)
        last = min((c.dense.score for c in self.search.candidates if c.dense), default=None)
        score = hit.score if hit else self._score()
        if score is None:
            why = reason("whynot.no_vector")
        elif hit is None:
            why = reason("whynot.deeper", depth=DEPTH, score=score)
        else:
            why = reason("whynot.dense_at", rank=hit.rank, limit=self.options.candidates, score=score)
        if score is not None and last is not None:
            why = reason("whynot.with_last", where=why, limit=self.options.candidates, last=last)
        return self._step(Check.DENSE, Passing.STOPPED, why, now=True)

    def _score(self) -> float | None:
        """The inner product of a passage too deep to be returned, from its vector."""
        store = self.parts.stores.get(self.base)
        found = store.rank_dense(self._query(), [self.stored.id], depth=1) if store else {}
        return found[self.stored.id].score if self.stored.id in found else None

    def _full_text(self) -> Reason:
        off = self.scope.full_text_missing() or self._off(Stage.FULL_TEXT)
        if off:
            return self._step(Check.FULL_TEXT, Passing.OFF, off)
        query = self.search.query
        if not set(query_terms(query)).intersection(terms(self.stored.chunk.embedded_text)):
            return self._step(Check.FULL_TEXT, Passing.STOPPED, reason("whynot.no_term"), now=True)
        hits = self.scope.search_full_text(query, limit=DEPTH, documents=self.options.documents)
        hit = next((hit for hit in hits if hit.stored.id == self.stored.id), None)
        why = reason("whynot.terms_deeper", depth=DEPTH)
        if hit:
            why = reason("whynot.terms_at", rank=hit.rank, limit=self.options.candidates, score=hit.score)
        return self._step(Check.FULL_TEXT, Passing.STOPPED, why, now=True)

    def _judged(self) -> None:
        """Add the step of the reranker, which judges the passage now where it never did."""
        now = self.log_odds is None
        if now and not self.options.rerank:
            self._step(Check.RERANK, Passing.OFF, reason("stages.switched_off"))
            return
        if now:
            try:
                self._judge()
            except BREAKDOWNS as e:
                self._step(Check.RERANK, Passing.OFF, breakdown(Stage.RERANK, e))
                return
        assert self.log_odds is not None
        probability, threshold = sigmoid(self.log_odds), self.options.threshold
        code = "whynot.judged_now" if now else "whynot.judged"
        passing = Passing.PASSED if probability >= threshold else Passing.STOPPED
        self._step(Check.RERANK, passing, reason(code, probability=probability, threshold=threshold), now=now)

    def _judge(self) -> None:
        texts = [self.stored.chunk.embedded_text]
        for _, log_odds in self.parts.reranker.score(self.search.query, texts, instruction=self.options.instruction):
            self.log_odds = log_odds

    # ---- small ones -------------------------------------------------------------------------------------------------

    def _wider(self) -> Remedy | None:
        return Widening(self.parts.scope, self._query, self.search).remedy(self.stored, self.log_odds)

    def _query(self) -> Vectors:
        if self.vector is None:
            self.vector = self.parts.embedder.embed_query(self.search.query, instruction=self.options.instruction)
        return self.vector

    def _step(self, check: Check, passing: Passing, why: Reason, *, now: bool = False) -> Reason:
        self.steps.append(Step(check, passing, why, now))
        self.measured = self.measured or now
        return why

    def _changed(self) -> tuple[Reason, ...]:
        parts = self.parts
        searched = {base: parts.stores[base] for base in self.searched if base in parts.stores}
        since = Since(self.ledger, searched, default=parts.default)
        told = since.document(self.base, self.stored.document)
        if self.measured:
            told += since.index() + since.models(embedder=parts.embedder.info, reranker=parts.reranker.info)
        return told
