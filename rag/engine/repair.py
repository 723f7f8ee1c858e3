"""Rough scores first, then exact ones where they could change which passages are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..protocols import Reranker
from ..status import ModelInfo


class RepairedReranker:
    """Two rerankers of one model: all texts by the rough one, those near the cut again by the exact one.

    So that the kept set is the exact one's, as long as no rough score is further off than `epsilon` log-odds.
    """

    def __init__(self, rough: Reranker, exact: Reranker, *, keep: int, epsilon: float) -> None:
        """`keep` is how many best texts the caller takes."""
        self._rough = rough
        self._exact = exact
        self._keep = keep
        self._epsilon = epsilon

    @property
    def info(self) -> ModelInfo:
        return self._rough.info

    def score(self, query: str, texts: Sequence[str], *, instruction: str) -> Iterator[tuple[int, float]]:
        """As `Reranker.score`; then some positions come a second time, and that value counts."""
        scores: dict[int, float] = {}
        for position, log_odds in self._rough.score(query, texts, instruction=instruction):
            scores[position] = log_odds
            yield position, log_odds
        near = near_the_cut(scores, keep=self._keep, epsilon=self._epsilon)
        for i, log_odds in self._exact.score(query, [texts[p] for p in near], instruction=instruction):
            yield near[i], log_odds


def near_the_cut(scores: Mapping[int, float], *, keep: int, epsilon: float) -> list[int]:
    """Positions that could be on the other side of the cut if every score were off by up to `epsilon`, best first.

    The cut lies between the `keep` best and the rest; without a rest there is none.
    """
    ordered = sorted(scores, key=lambda position: -scores[position])
    if not 0 < keep < len(ordered):
        return []
    lowest_kept, highest_left = scores[ordered[keep - 1]], scores[ordered[keep]]
    return [
        position
        for rank, position in enumerate(ordered)
        if (scores[position] - highest_left if rank < keep else lowest_kept - scores[position]) <= 2 * epsilon
    ]
