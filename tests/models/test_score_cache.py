"""Scores already computed: nothing is asked twice, and nothing is taken for something else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import pytest

from rag.models.score_cache import RememberingReranker, ScoreCache, score_key
from rag.status import ModelInfo
from rag.types import RerankLimits
from tests.support.fakes import OverlapReranker


class Counting(OverlapReranker):
    """Keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.judged: list[str] = []
        self.cuts: list[RerankLimits | None] = []

    def score(
        self, query: str, texts: Sequence[str], *, instruction: str, cut: RerankLimits | None = None
    ) -> Iterator[tuple[int, float]]:
        self.cuts.append(cut)
        for position, log_odds in super().score(query, texts, instruction=instruction):
            self.judged.append(texts[position])
            yield position, log_odds


@pytest.fixture
def model() -> Counting:
    return Counting()


@pytest.fixture
def remembering(model: Counting) -> RememberingReranker:
    return RememberingReranker(model, ScoreCache())


def test_known_scores_come_first_and_are_not_computed_again(model: Counting, remembering: RememberingReranker) -> None:
    first = dict(remembering.score("a b", ["a", "a b"], instruction=""))
    assert first == {0: 0.0, 1: 4.0}
    again = list(remembering.score("a b", ["c", "a b", "a"], instruction="", cut=RerankLimits(1)))
    assert again == [(1, 4.0), (2, 0.0), (0, -4.0)]
    assert model.judged == ["a", "a b", "c"]
    assert model.cuts == [None, RerankLimits(1)]


def test_a_text_given_twice_is_judged_once(model: Counting, remembering: RememberingReranker) -> None:
    assert list(remembering.score("a", ["a", "b", "a"], instruction="")) == [(0, 4.0), (2, 4.0), (1, -4.0)]
    assert model.judged == ["a", "b"]


def test_what_was_judged_before_stopping_is_kept(model: Counting, remembering: RememberingReranker) -> None:
    stream = remembering.score("a", ["a", "b"], instruction="")
    assert list(islice(stream, 1)) == [(0, 4.0)]
    stream.close()  # type: ignore[attr-defined]
    list(remembering.score("a", ["a", "b"], instruction=""))
    assert model.judged == ["a", "b"]


def test_nothing_known_is_nothing_asked(model: Counting, remembering: RememberingReranker) -> None:
    assert list(remembering.score("a", [], instruction="")) == []
    assert model.cuts == []
    assert remembering.info == model.info


INFO = ModelInfo("m", "1", "cpu", "fp32")


@pytest.mark.parametrize(
    ("info", "instruction", "query", "text"),
    [
        pytest.param(replace(INFO, name="n"), "i", "q", "t", id="another model"),
        pytest.param(replace(INFO, revision="2"), "i", "q", "t", id="another revision"),
        pytest.param(replace(INFO, dtype="int8"), "i", "q", "t", id="another number type"),
        pytest.param(INFO, "j", "q", "t", id="another instruction"),
        pytest.param(INFO, "i", "r", "t", id="another query"),
        pytest.param(INFO, "i", "q", "u", id="another text"),
        pytest.param(INFO, "i", "qt", "", id="the same letters, parted elsewhere"),
        pytest.param(INFO, "i", "q", "\ud800", id="half a surrogate pair"),
    ],
)
def test_a_key_tells_all_that_a_score_depends_on(info: ModelInfo, instruction: str, query: str, text: str) -> None:
    assert score_key(info, instruction, query, text) != score_key(INFO, "i", "q", "t")
    assert score_key(INFO, "i", "q", "t") == score_key(INFO, "i", "q", "t")


def test_the_cache_forgets_the_least_recently_used() -> None:
    cache = ScoreCache(2)
    cache.put(b"a", 1.0)
    cache.put(b"b", 2.0)
    assert cache.get(b"a") == 1.0
    cache.put(b"c", 3.0)
    assert [cache.get(key) for key in (b"a", b"b", b"c")] == [1.0, None, 3.0]
    assert len(cache) == 2
