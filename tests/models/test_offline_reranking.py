"""The offline reranker on the packaged model itself."""

from __future__ import annotations

import numpy as np
import pytest

from rag.models.device import DeviceLock
from rag.models.offline import E5, E5Embedder, MaxSimReranker, MiniLmEmbedder, PackagedEmbedder
from rag.models.offline.embedder import Encoded
from rag.models.offline.maxsim import (
    ABROAD,
    BY_KEYWORDS,
    ENGLISH,
    OTHER_LANGUAGE,
    SAME_LANGUAGE,
    Logistic,
    Shares,
    match,
)
from rag.types import sigmoid

PASSAGES = [
    "How much does Milvus cost?\nMilvus is a 100% free open-source project.",
    "What is the maximum vector dimension?\nMilvus can manage vectors with up to 32,768 dimensions by default.",
    "Can I install Milvus on Windows?\nYes, from source code or from a binary package.",
    "Where are the logs?\nThe log is printed to standard output by default.",
]
SHARES = Shares(better=0.15, worse=0.85, whole=0.2, words=0.05)
CHINESE = ["Milvus 是免费的开源项目。", "Milvus 最多支持 32768 维向量。", "日志默认写到标准输出。"]


class CountingEmbedder(MiniLmEmbedder):
    """The packaged model, counting the texts it is given."""

    counted = 0

    def _run(self, rows, frame):  # type: ignore[no-untyped-def]
        self.counted += len(rows)
        return super()._run(rows, frame)


@pytest.fixture(scope="module")
def embedder() -> CountingEmbedder:
    loaded = CountingEmbedder.load(lock=DeviceLock())
    assert isinstance(loaded, CountingEmbedder)
    return loaded


def scores(reranker: MaxSimReranker, query: str, texts: list[str]) -> list[float]:
    found = dict(reranker.score(query, texts, instruction=""))
    assert sorted(found) == list(range(len(texts)))
    return [found[position] for position in range(len(texts))]


@pytest.mark.parametrize(
    ("query", "best"),
    [
        pytest.param("is there a licence fee?", 0, id="no word in common"),
        pytest.param("highest number of dimensions", 1, id="another word for it"),
        pytest.param("does it run on my Windows laptop", 2, id="one word in common"),
    ],
)
def test_meaning_decides_for_english(embedder: CountingEmbedder, query: str, best: int) -> None:
    assert int(np.argmax(scores(MaxSimReranker(embedder), query, PASSAGES))) == best


def test_words_decide_for_chinese(embedder: CountingEmbedder) -> None:
    found = scores(MaxSimReranker(embedder), "向量最大支持多少维？", CHINESE)
    assert int(np.argmax(found)) == 1
    assert scores(MaxSimReranker(embedder), "今天天气怎么样？", CHINESE) == [BY_KEYWORDS.log_odds(0.0)] * 3


def test_a_question_nothing_answers_stays_below_one_that_is_answered(embedder: CountingEmbedder) -> None:
    reranker = MaxSimReranker(embedder)
    answered = max(scores(reranker, "what does Milvus cost", PASSAGES))
    off_topic = max(scores(reranker, "How long should I boil an egg?", PASSAGES))
    assert sigmoid(answered) > 0.5 > 0.1 > sigmoid(off_topic)


def test_order_and_company_do_not_change_a_score(embedder: CountingEmbedder) -> None:
    query = "free licence"
    together = scores(MaxSimReranker(embedder), query, PASSAGES)
    backwards = scores(MaxSimReranker(embedder), query, PASSAGES[::-1])[::-1]
    alone = [scores(MaxSimReranker(embedder), query, [passage])[0] for passage in PASSAGES]
    np.testing.assert_allclose(together, backwards, atol=1e-2)
    np.testing.assert_allclose(together, alone, atol=1e-2)


def test_passages_seen_lately_are_not_encoded_again(embedder: CountingEmbedder) -> None:
    reranker = MaxSimReranker(embedder)
    first = scores(reranker, "free licence", PASSAGES)
    before = embedder.counted
    assert scores(reranker, "free licence", PASSAGES) == first
    assert embedder.counted - before == 1  # the question


def test_closing_early_leaves_the_rest_undone(embedder: CountingEmbedder) -> None:
    long = [f"{number} " + "many words " * 120 for number in range(60)]
    before = embedder.counted
    found = MaxSimReranker(embedder).score("words", long, instruction="")
    next(found)
    found.close()  # type: ignore[attr-defined]
    assert embedder.counted - before < 30


@pytest.mark.parametrize("texts", [[], [""], ["[CLS]", "🙂"]], ids=["none", "an empty one", "odd ones"])
def test_every_text_gets_a_finite_score(embedder: CountingEmbedder, texts: list[str]) -> None:
    for query in ("", "words", "？", "词"):
        assert all(np.isfinite(scores(MaxSimReranker(embedder), query, texts)))


def test_it_is_named_an_estimate(embedder: CountingEmbedder) -> None:
    assert MaxSimReranker(embedder).info.score_name == "offline_estimate"


def test_the_worse_matched_half_of_the_question_weighs_most() -> None:
    """Two passages match the question equally well on average; the evener one is better."""
    pieces = np.eye(4, dtype=np.float16)[:2]
    query = Encoded(np.zeros(4, np.float32), pieces)

    def passage(first: float, second: float) -> Encoded:
        return Encoded(np.zeros(4, np.float32), np.diag([first, second, 0, 0]).astype(np.float16))

    even, uneven = (match(query, passage(*shares), SHARES, held=0.0) for shares in ((0.5, 0.5), (1.0, 0.0)))
    assert even == pytest.approx(0.5, abs=1e-3)
    assert uneven == pytest.approx(0.15, abs=1e-3)


def test_words_and_the_whole_text_count_a_little() -> None:
    vector = np.array([1, 0], np.float32)
    none = np.zeros((0, 2), np.float16)
    assert match(Encoded(vector, none), Encoded(vector, none), SHARES, held=0.5) == pytest.approx(0.2 * 1 + 0.05 * 0.5)


@pytest.mark.parametrize(
    "curve", [ENGLISH.curve, SAME_LANGUAGE.curve, OTHER_LANGUAGE.curve, BY_KEYWORDS, Logistic(2.0, 0.5)]
)
def test_log_odds_rise_through_nought_where_chances_are_even(curve: Logistic) -> None:
    assert curve.log_odds(curve.even) == 0
    assert curve.log_odds(curve.even + 0.1) == pytest.approx(0.1 * curve.steepness)


# ---- with the model for all languages -------------------------------------------------------------------------------

needs_package = pytest.mark.skipif(not E5.installed(), reason=f"{E5.package} is made for Linux on x86-64 alone")


@pytest.fixture(scope="module")
def every() -> PackagedEmbedder:
    return E5Embedder.load(lock=DeviceLock())


@needs_package
def test_english_is_judged_as_without_the_other_model(embedder: CountingEmbedder, every: PackagedEmbedder) -> None:
    query = "is there a licence fee?"
    both = scores(MaxSimReranker(embedder, every), query, [*PASSAGES, *CHINESE])
    np.testing.assert_allclose(both[: len(PASSAGES)], scores(MaxSimReranker(embedder), query, PASSAGES), atol=1e-3)


@needs_package
@pytest.mark.parametrize(
    ("query", "texts", "best"),
    [
        pytest.param("使用 Milvus 要付费吗？", PASSAGES, 0, id="Chinese about English"),
        pytest.param("Is Milvus free and open source?", CHINESE, 0, id="English about Chinese"),
        pytest.param("Wie viele Dimensionen darf ein Vektor haben?", PASSAGES, 1, id="German about English"),
        pytest.param("向量的维度上限是多少？", CHINESE, 1, id="Chinese about Chinese"),
    ],
)
def test_meaning_decides_in_every_language_and_across_them(
    embedder: CountingEmbedder, every: PackagedEmbedder, query: str, texts: list[str], best: int
) -> None:
    assert int(np.argmax(scores(MaxSimReranker(embedder, every), query, texts))) == best


@needs_package
def test_both_models_are_named(embedder: CountingEmbedder, every: PackagedEmbedder) -> None:
    info = MaxSimReranker(embedder, every).info
    assert info.name == f"{embedder.info.name} + {every.info.name}"
    assert info.score_name == "offline_estimate"


@needs_package
def test_a_passage_in_another_language_yields_to_one_in_the_questions_own(
    embedder: CountingEmbedder, every: PackagedEmbedder
) -> None:
    reranker = MaxSimReranker(embedder, every)
    query = "Is Milvus free and open source?"
    alone = scores(reranker, query, CHINESE)
    beside = scores(reranker, query, [*PASSAGES, *CHINESE])
    taken = [a - b for a, b in zip(alone, beside[len(PASSAGES) :], strict=True)]
    np.testing.assert_allclose(taken, ABROAD / (1 + np.exp(-max(beside[: len(PASSAGES)]))), atol=1e-3)
