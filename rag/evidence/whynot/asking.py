"""Diagnosis of a passage not sent for a question: which passage is meant, and the verdict on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from rag.errors import RagError
from rag.ledger import Ledger
from rag.messages import reason
from rag.protocols import Embedder, Reranker, Searchable, Store
from rag.types import RetrievalOptions

from .case import Case, MadeWith
from .diagnosis import Diagnosis, Obstacle
from .passages import Fit, Passage, find_passage


class WhyNot:
    """Asks the same parts the answer was made with, given as in `MadeWith`."""

    def __init__(
        self,
        stores: Mapping[str, Store],
        scope: Callable[[RetrievalOptions], Searchable],
        embedder: Embedder,
        reranker: Reranker,
        *,
        default: str,
    ) -> None:
        self._parts = MadeWith(stores, scope, embedder, reranker, default)

    def of_text(self, ledger: Ledger, text: str) -> Diagnosis:
        """The verdict on the passage that holds `text`. Raises RagError for an empty text."""
        if not text.strip():
            raise RagError(reason("whynot.empty"))
        known = [candidate.stored for candidate in ledger.candidates]
        passage = find_passage(text, known, self._parts.stores, self._parts.embedder)
        if passage is None or passage.fit is Fit.NEAREST:
            return Diagnosis(Obstacle.NOWHERE, reason("whynot.nowhere"), passage)
        return Case(self._parts, ledger, passage).diagnosis()

    def of_chunk(self, ledger: Ledger, base: str, document: str, chunk_id: str) -> Diagnosis:
        """The verdict on one chunk of a document. Raises RagError when it is not there any more."""
        base = base or self._parts.default
        known = (candidate.stored for candidate in ledger.candidates)
        stored = next((each for each in known if each.id == chunk_id), None)
        if stored is None and base in self._parts.stores:
            now = next((each for each in self._parts.stores[base].chunks(document) if each.id == chunk_id), None)
            stored = replace(now, collection=base) if now else None
        if stored is None:
            raise RagError(reason("whynot.chunk_gone"))
        return Case(self._parts, ledger, Passage(stored, Fit.EXACT)).diagnosis()
