"""Log-odds already computed: bounded, safe for many threads, in front of any reranker."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from rag.protocols import Reranker
from rag.status import ModelInfo
from rag.types import RerankLimits

from .recent import Recent

KEPT = 50_000
"""Scores kept: 32 bytes of key and one float each, some 10 MB in all."""


class ScoreCache(Recent[bytes, float]):
    """One may serve several models: they are part of the key."""

    def __init__(self, size: int = KEPT) -> None:
        super().__init__(size)


class RememberingReranker:
    """A reranker that is asked for every text once: not again for one it judged lately, nor for one given twice.

    Not for rerankers that give a position more than once.
    """

    def __init__(self, reranker: Reranker, cache: ScoreCache) -> None:
        self._reranker = reranker
        self._cache = cache

    @property
    def info(self) -> ModelInfo:
        return self._reranker.info

    def score(
        self, query: str, texts: Sequence[str], *, instruction: str, cut: RerankLimits | None = None
    ) -> Iterator[tuple[int, float]]:
        """As `Reranker.score`: known scores first, then the others as they are computed."""
        waiting: dict[bytes, list[int]] = {}
        for position, text in enumerate(texts):
            key = score_key(self.info, instruction, query, text)
            known = self._cache.get(key)
            if known is None:
                waiting.setdefault(key, []).append(position)
            else:
                yield position, known
        if not waiting:
            return
        keys, places = list(waiting), list(waiting.values())
        fresh = [texts[positions[0]] for positions in places]
        for i, log_odds in self._reranker.score(query, fresh, instruction=instruction, cut=cut):
            self._cache.put(keys[i], log_odds)
            for position in places[i]:
                yield position, log_odds


def score_key(model: ModelInfo, instruction: str, query: str, text: str) -> bytes:
    """A digest of all that a score depends on; no two lists of parts meet, for each part's length comes first."""
    digest = hashlib.sha256()
    for part in (model.name, model.revision, model.dtype, instruction, query, text):
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.digest()
