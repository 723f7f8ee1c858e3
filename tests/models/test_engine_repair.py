"""Exact repair: whatever the rough scores got wrong within their error, the kept set is the exact one's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.models.engine.repair import RepairedReranker
from rag.status import ModelInfo
from rag.types import RerankLimits


class Table:
    """A reranker whose scores are given; remembers what it was asked."""

    info = ModelInfo("table", "1", "cpu", "int8")

    def __init__(self, scores: Sequence[float]) -> None:
        self._scores = scores
        self.asked: list[str] = []

    def score(
        self, query: str, texts: Sequence[str], *, instruction: str, cut: RerankLimits | None = None
    ) -> Iterator[tuple[int, float]]:
        for position, text in enumerate(texts):
            self.asked.append(text)
            yield position, self._scores[int(text)]


@given(
    st.lists(st.tuples(st.floats(-9, 9), st.floats(-1, 1)), min_size=1, max_size=20),
    st.integers(0, 22),
    st.floats(-9, 9) | st.just(float("-inf")),
    st.integers(0, 3),
    st.integers(0, 3),
)
def test_the_kept_set_is_the_exact_one(
    rows: list[tuple[float, float]], keep: int, least: float, spare: int, passed_over: int
) -> None:
    exact = [score for score, _ in rows]
    rough = [score + 0.5 * error for score, error in rows]
    reranker = RepairedReranker(Table(rough), Table(exact), epsilon=0.5)
    texts = [str(i) for i in range(len(rows))]
    found = dict(reranker.score("q", texts, instruction="", cut=RerankLimits(keep, least, spare)))
    keep += min(spare, passed_over)
    kept = [i for i in sorted(found, key=lambda i: -found[i])[:keep] if found[i] >= least]
    expected = [score for score in sorted(exact, reverse=True)[:keep] if score >= least]
    # Equal exact scores may be kept in either order: the values must agree.
    assert sorted(exact[i] for i in kept) == pytest.approx(sorted(expected), abs=1e-6)


@pytest.mark.parametrize(
    ("cut", "epsilon", "near"),
    [
        pytest.param(RerankLimits(2), 0.0, [], id="no error, no tie"),
        pytest.param(RerankLimits(2), 0.5, [1, 2], id="the two around the cut"),
        pytest.param(RerankLimits(2), 1.0, [0, 1, 2, 3], id="twice as far"),
        pytest.param(RerankLimits(5), 9.0, [], id="all are kept"),
        pytest.param(RerankLimits(0), 9.0, [], id="none is kept"),
        pytest.param(RerankLimits(4, 2.2), 0.3, [2], id="at the least, not at the number"),
        pytest.param(RerankLimits(2, 1.1), 0.3, [], id="at the least, but not among the best anyway"),
        pytest.param(RerankLimits(3, 2.9), 0.5, [1, 2, 3], id="at both"),
        pytest.param(RerankLimits(1, spare=2), 0.5, [0, 1, 2, 3], id="wherever it ends"),
        pytest.param(RerankLimits(1, 2.2, spare=2), 0.3, [2], id="at the least, taken for one that does not count"),
        pytest.param(None, 9.0, [], id="nothing is said of a cut"),
    ],
)
def test_only_scores_near_the_cut_are_computed_again(cut: RerankLimits | None, epsilon: float, near: list[int]) -> None:
    scores = [4.0, 3.0, 2.0, 1.0, -9.0]
    exact = Table(scores)
    list(RepairedReranker(Table(scores), exact, epsilon=epsilon).score("q", [*"01234"], instruction="", cut=cut))
    assert exact.asked == [str(i) for i in near]


def test_rough_scores_stream_before_the_exact_model_is_asked() -> None:
    exact = Table([1.0, 1.1])
    reranker = RepairedReranker(Table([1.1, 1.0]), exact, epsilon=1.0)
    stream = reranker.score("q", ["0", "1"], instruction="", cut=RerankLimits(1))
    assert [next(stream), next(stream)] == [(0, 1.1), (1, 1.0)]
    assert exact.asked == []
    assert list(stream) == [(0, 1.0), (1, 1.1)]
