"""Exact repair: whatever the rough scores got wrong within their error, the kept set is the exact one's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.engine.repair import RepairedReranker, near_the_cut
from rag.status import ModelInfo


class Table:
    """A reranker whose scores are given; remembers what it was asked."""

    info = ModelInfo("table", "1", "cpu", "int8")

    def __init__(self, scores: Sequence[float]) -> None:
        self._scores = scores
        self.asked: list[str] = []

    def score(self, query: str, texts: Sequence[str], *, instruction: str) -> Iterator[tuple[int, float]]:
        for position, text in enumerate(texts):
            self.asked.append(text)
            yield position, self._scores[int(text)]


@given(
    st.lists(st.tuples(st.floats(-9, 9), st.floats(-1, 1)), min_size=1, max_size=20),
    st.integers(0, 22),
)
def test_the_kept_set_is_the_exact_one(rows: list[tuple[float, float]], keep: int) -> None:
    exact = [score for score, _ in rows]
    rough = [score + 0.5 * error for score, error in rows]
    reranker = RepairedReranker(Table(rough), Table(exact), keep=keep, epsilon=0.5)
    found = dict(reranker.score("q", [str(i) for i in range(len(rows))], instruction=""))
    kept = sorted(found, key=lambda i: -found[i])[:keep]
    # Equal exact scores may be kept in either order: the values must agree.
    assert sorted(exact[i] for i in kept) == pytest.approx(sorted(sorted(exact, reverse=True)[:keep]), abs=1e-6)


@pytest.mark.parametrize(
    ("keep", "epsilon", "near"),
    [
        pytest.param(2, 0.0, [], id="no error, no tie"),
        pytest.param(2, 0.5, [1, 2], id="the two around the cut"),
        pytest.param(2, 1.0, [0, 1, 2, 3], id="twice as far"),
        pytest.param(5, 9.0, [], id="all are kept"),
        pytest.param(0, 9.0, [], id="none is kept"),
    ],
)
def test_only_scores_near_the_cut_are_computed_again(keep: int, epsilon: float, near: list[int]) -> None:
    scores = dict(enumerate([4.0, 3.0, 2.0, 1.0, -9.0]))
    assert near_the_cut(scores, keep=keep, epsilon=epsilon) == near
    exact = Table(list(scores.values()))
    rough = Table(list(scores.values()))
    list(RepairedReranker(rough, exact, keep=keep, epsilon=epsilon).score("q", [*"01234"], instruction=""))
    assert exact.asked == [str(i) for i in near]


def test_rough_scores_stream_before_the_exact_model_is_asked() -> None:
    exact = Table([1.0, 1.1])
    stream = RepairedReranker(Table([1.1, 1.0]), exact, keep=1, epsilon=1.0).score("q", ["0", "1"], instruction="")
    assert [next(stream), next(stream)] == [(0, 1.1), (1, 1.0)]
    assert exact.asked == []
    assert list(stream) == [(0, 1.0), (1, 1.1)]
