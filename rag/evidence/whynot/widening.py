"""The least widening of a search that would have brought a passage before the reranker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rag.ledger import Search
from rag.protocols import Searchable
from rag.types import Candidate, Fusion, Hit, Mode, RetrievalOptions, StoredChunk, Vectors, sigmoid

from .remedies import MOST_CANDIDATES, Remedy, below, changed, enough_candidates, is_candidate

Values = dict[str, str | float | int]


class Widening:
    """Searches again, wider, for what one search of an answer was for.

    `scope` gives what a question with some options searches, `vector` the embedded query.
    """

    def __init__(
        self, scope: Callable[[RetrievalOptions], Searchable], vector: Callable[[], Vectors], search: Search
    ) -> None:
        self._scope = scope
        self._vector = vector
        self._search = search

    def remedy(self, stored: StoredChunk, log_odds: float | None) -> Remedy | None:
        """The change that lets the passage be found and pass the later checks, as far as the record tells of those it
        competes with; None where no wider search finds it. `log_odds` is what the reranker says of it."""
        wider = self._wider(stored)
        if wider is None:
            return None
        more = self._afterwards(stored.id, log_odds)
        return Remedy(wider | more, given=False, certain="pin" in more)

    def _wider(self, stored: StoredChunk) -> Values | None:
        """One setting: the other search as well, else more candidates, else this document alone."""
        options = self._search.options
        lists = self._lists(options)
        if options.mode is not Mode.HYBRID:
            both = self._lists(replace(options, mode=Mode.HYBRID))
            if is_candidate(*both, stored.id, self._fusion(), count=options.candidates):
                return {"mode": str(Mode.HYBRID)}
        count = enough_candidates(*lists, stored.id, self._fusion(), now=options.candidates)
        if count is not None:
            return {"candidates": count}
        alone = self._lists(changed(options, {"document": stored.document}))
        reached = is_candidate(*alone, stored.id, self._fusion(), count=options.candidates)
        return {"document": stored.document} if reached else None

    def _fusion(self) -> Fusion:
        return self._search.retrieval.fusion if self._search.retrieval else Fusion()

    def _lists(self, options: RetrievalOptions) -> tuple[list[Hit], list[Hit]]:
        """Both result lists, as long as the settings allow."""
        dense: list[Hit] = []
        full_text: list[Hit] = []
        most, documents, scope = MOST_CANDIDATES, options.documents, self._scope(options)
        if options.mode is not Mode.FULL_TEXT:
            dense = scope.search_dense(self._vector(), limit=most, documents=documents)
        if options.mode is not Mode.DENSE and scope.full_text_missing() is None:
            full_text = scope.search_full_text(self._search.query, limit=most, documents=documents)
        return dense, full_text

    def _afterwards(self, chunk_id: str, log_odds: float | None) -> Values:
        """Nothing, or a lower threshold where that will do; else a pin, which is one setting and sure."""
        if log_odds is None:
            return {}
        options, probability = self._search.options, sigmoid(log_odds)
        better = sum(c.log_odds is not None and c.log_odds >= log_odds and _competes(c) for c in self._candidates())
        if better >= options.contexts:
            return {"pin": chunk_id}
        return {"threshold": below(probability)} if probability < options.threshold else {}

    def _candidates(self) -> tuple[Candidate, ...]:
        return self._search.candidates


def _competes(c: Candidate) -> bool:
    """True if the candidate is a context, or would be one with a lower threshold or with more contexts."""
    return c.dropped is None or c.dropped.code in ("stages.beyond_contexts", "stages.below_threshold")
