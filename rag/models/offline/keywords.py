"""Scores of texts for a question by its words alone, for languages the packaged model does not know. Pure.

BM25 among the given texts, divided by what a text holding every word without end would reach, plus the share of the
question found letter by letter in one piece. What it cannot see is meaning: other words for the same thing score 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rag.text.folding import folded
from rag.text.highlight import rarity
from rag.text.terms import query_terms, terms

K1 = 1.2
B = 0.75
SINGLE_WEIGHT = 0.5
"""Weight of a single ideograph beside pairs: it occurs in many words."""
COPY_WEIGHT = 0.2
"""Weight of the longest common piece. Any value from 0.1 to 0.4 ranks the Chinese development sets alike."""
LONGEST_QUERY = 500
"""Characters compared letter by letter."""


def keyword_match(query: str, texts: Sequence[str]) -> list[float]:
    """From 0 (no word in common) to about 1.2, in input order. Rare words, judged by the given texts, count more."""
    asked = _whole_words(query_terms(query))
    if not texts or not asked:
        return [0.0] * len(texts)
    counts = [Counter(terms(text)) for text in texts]
    lengths = np.array([max(count.total(), 1) for count in counts], dtype=np.float64)
    rare = rarity(asked, [frozenset(count) for count in counts])
    weights = np.array([rare[term] * (SINGLE_WEIGHT if _is_single(term) else 1.0) for term in asked])
    frequency = np.array([[count[term] for term in asked] for count in counts], dtype=np.float64)
    dampened = frequency / (frequency + K1 * (1 - B + B * (lengths / lengths.mean())[:, None]))
    matched: NDArray[np.float64] = dampened @ weights / weights.sum()
    question = _folded(query)
    return [
        float(share) + COPY_WEIGHT * longest_common_share(question, _folded(text))
        for share, text in zip(matched, texts, strict=True)
    ]


def longest_common_share(query: str, text: str) -> float:
    """Share of `query`, from 0 to 1, that stands in `text` in one piece; single characters do not count."""
    query = query[:LONGEST_QUERY]
    best = start = 0
    for end in range(1, len(query) + 1):
        while query[start:end] not in text:
            start += 1
        best = max(best, end - start)
    return best / len(query) if best > 1 else 0.0


def _whole_words(asked: Sequence[str]) -> list[str]:
    """Without pairs such as `的时` that only arise where a function word meets its neighbour."""
    singles = {term for term in asked if _is_single(term)}
    return [t for t in asked if len(t) != 2 or t.isascii() or not _is_single(t[0]) or singles.issuperset(t)]


def _is_single(term: str) -> bool:
    return len(term) == 1 and not term.isascii() and term.isalpha()


def _folded(text: str) -> str:
    return " ".join(folded(text).split())
