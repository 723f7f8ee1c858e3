"""Rough scores first, then exact ones where they could change which passages are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rag.protocols import Reranker
from rag.status import ModelInfo
from rag.types import RerankLimits


class RepairedReranker:
    """Two rerankers of one model: all texts by the rough one, those near the cut again by the exact one.

    So that the kept set is the exact one's, as long as no rough score is further off than `epsilon` log-odds. A caller
    that names no cut gets the rough scores alone.
    """

    def __init__(self, rough: Reranker, exact: Reranker, *, epsilon: float) -> None:
        self._rough = rough
        self._exact = exact
        self._epsilon = epsilon

    @property
    def info(self) -> ModelInfo:
        return self._rough.info

    def score(
        self, query: str, texts: Sequence[str], *, instruction: str, cut: RerankLimits | None = None
    ) -> Iterator[tuple[int, float]]:
        """As `Reranker.score`; then some positions come a second time, and that value counts."""
        scores: dict[int, float] = {}
        for position, log_odds in self._rough.score(query, texts, instruction=instruction):
            scores[position] = log_odds
            yield position, log_odds
        near = near_the_cut(scores, cut, epsilon=self._epsilon) if cut else []
        for i, log_odds in self._exact.score(query, [texts[p] for p in near], instruction=instruction):
            yield near[i], log_odds


def near_the_cut(scores: Mapping[int, float], cut: RerankLimits, *, epsilon: float) -> list[int]:
    """Positions that could be on the other side of the cut if every score were off by up to `epsilon`, best first.

    There are two ways to be on one side: among the best `keep` or not, wherever that ends, and at least `least` or
    below.
    """
    ordered = sorted(scores, key=lambda position: -scores[position])
    ends = range(cut.keep, cut.keep + cut.spare + 1)
    disputed = {p for end in ends for p in _near_the_rest(scores, ordered, end, epsilon)}
    # Of those that cannot be among the best anyway, nobody asks whether they reach the least.
    able = [p for rank, p in enumerate(ordered) if rank < ends[-1] or p in disputed]
    disputed |= {p for p in able if abs(scores[p] - cut.least) <= epsilon}
    return [position for position in ordered if position in disputed]


def _near_the_rest(scores: Mapping[int, float], ordered: Sequence[int], keep: int, epsilon: float) -> Iterator[int]:
    """Positions near the gap between the best `keep` and the rest; without a rest there is none."""
    if not 0 < keep < len(ordered):
        return
    lowest_kept, highest_left = scores[ordered[keep - 1]], scores[ordered[keep]]
    for rank, position in enumerate(ordered):
        gap = scores[position] - highest_left if rank < keep else lowest_kept - scores[position]
        if gap <= 2 * epsilon:
            yield position
