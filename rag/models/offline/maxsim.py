"""The offline profile's reranker: it scores how well every part of the question is matched somewhere in the passage.

Late interaction (MaxSim of ColBERT, Khattab and Zaharia, SIGIR 2020) over the word-piece vectors of the packaged
embedding model, which was not trained for it but ranks well this way. A question is answered where even its worst
matched half is matched, so that half weighs most: a passage that only shares the topic fails there. Questions in
languages the model does not know are judged by their words alone. Either way a logistic curve, fitted once, gives
log-odds; both are estimates and named so wherever they are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np

from rag.status import ModelInfo
from rag.text.language import detect
from rag.text.question import canonical
from rag.text.terms import query_terms, terms
from rag.types import RerankLimits

from ..recent import Recent
from .keywords import keyword_match
from .minilm import Encoded, MiniLmEmbedder

CACHED_PASSAGES = 1500
"""Passages kept encoded, up to 200 kB each."""

BETTER_HALF, WORSE_HALF, WHOLE, KEYWORDS = 0.15, 0.85, 0.2, 0.05
"""Shares of the match: the half of the question's pieces matched better, the other half, cosine of the whole texts,
share of the question's words the passage holds. Chosen by hand on a plateau: with 0.65 to 1 for the worse half, 0.2 to
0.4 for the whole and 0.05 to 0.1 for the words, nDCG@10 moved by less than 0.01 on every English development set."""


@dataclass(frozen=True, slots=True)
class Logistic:
    """log-odds = steepness * (match - even): at `even` a passage is as likely relevant as not.

    Both numbers were fitted on development questions, each giving its best relevant and its best irrelevant passage:
    a probability is about a passage that is already among the best, not about any passage.
    """

    steepness: float
    even: float

    def log_odds(self, match: float) -> float:
        return self.steepness * (match - self.even)


BY_MEANING = Logistic(steepness=8.3, even=0.63)
BY_KEYWORDS = Logistic(steepness=10.8, even=0.28)


class MaxSimReranker:
    """Log-odds that a passage answers the question. The instruction is ignored."""

    def __init__(self, model: MiniLmEmbedder, *, detect_language: Callable[[str], str] = detect) -> None:
        self._model = model
        self._detect_language = detect_language
        self._cache = Recent[bytes, Encoded](CACHED_PASSAGES)

    @property
    def info(self) -> ModelInfo:
        return replace(self._model.info, languages=(), score_name="offline_estimate")

    def score(
        self, query: str, texts: Sequence[str], *, instruction: str, cut: RerankLimits | None = None
    ) -> Iterator[tuple[int, float]]:
        """(position, log-odds) of every text: at once for those seen lately, the others batch by batch."""
        query = canonical(query)
        if self._detect_language(query) not in self._model.info.languages:
            for position, match in enumerate(keyword_match(query, texts)):
                yield position, BY_KEYWORDS.log_odds(match)
            return
        for position, match in self.matches(query, texts):
            yield position, BY_MEANING.log_odds(match)

    def matches(self, query: str, texts: Sequence[str]) -> Iterator[tuple[int, float]]:
        """(position, match) before the logistic curve, from about 0 to 1.25."""
        if not texts:
            return
        query = canonical(query)
        asked = self._model.encode([query], urgent=True)[0]
        asked_terms = frozenset(query_terms(query))
        missing: list[int] = []
        for position, text in enumerate(texts):
            known = self._cache.get(_digest(text))
            if known is None:
                missing.append(position)
            else:
                yield position, match(asked, known, asked_terms, text)
        for group in self._model.encode_each([texts[position] for position in missing], urgent=True):
            for at, encoded in group.items():
                text = texts[missing[at]]
                self._cache.put(_digest(text), encoded)
                yield missing[at], match(asked, encoded, asked_terms, text)


def match(query: Encoded, passage: Encoded, asked: frozenset[str], text: str) -> float:
    """Score of a passage's match: 0 nothing in common, above 1 nearly the same words."""
    whole = float(query.vector @ passage.vector)
    held = len(asked.intersection(terms(text))) / len(asked) if asked else 0.0
    if not len(query.pieces) or not len(passage.pieces):
        return WHOLE * whole + KEYWORDS * held
    similar = query.pieces.astype(np.float32) @ passage.pieces.astype(np.float32).T
    best = np.sort(similar.max(axis=1))
    half = max(1, len(best) // 2)
    worse = float(best[:half].mean())
    better = float(best[half:].mean()) if len(best) > half else worse
    return WORSE_HALF * worse + BETTER_HALF * better + WHOLE * whole + KEYWORDS * held


def _digest(text: str) -> bytes:
    """Key a text is cached by: a digest, so that the text is not kept twice."""
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
