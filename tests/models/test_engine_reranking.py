"""The packed reranker against all logits of the published model, and what it promises beside the numbers."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rag.errors import ModelRejected
from rag.messages import reason
from rag.models.device import DeviceLock
from rag.models.engine.reranking import PackedReranker
from rag.models.numbers import NumberType
from tests.support.number_types import EXACT_INT8
from tests.support.tiny_qwen3 import write_reranker
from tests.support.turns import QUESTION, TurnLog

from .test_reranking import QUERY, TASK, TEXTS, full_logits

if TYPE_CHECKING:
    from rag.models.qwen3.reranking import Qwen3Reranker

LONG = "Milvus stores vectors. " * 400
MANY = [*TEXTS, LONG, "中国的首都是北京。 Beijing", "Bananas are yellow."]


def load(folder: Path, **options: Any) -> PackedReranker:
    given: dict[str, Any] = {
        "name": "tiny/reranker",
        "revision": "r1",
        "number_type": NumberType.FP32,
        "lock": DeviceLock(),
    }
    return PackedReranker.load(folder, **{**given, **options})


def scores(reranker: PackedReranker, texts: list[str], query: str = QUERY, instruction: str = TASK) -> list[float]:
    """In input order; fails when a position comes twice or never."""
    pairs = list(reranker.score(query, texts, instruction=instruction))
    assert sorted(position for position, _ in pairs) == list(range(len(texts)))
    return [log_odds for _, log_odds in sorted(pairs)]


@pytest.mark.parametrize("tied", [True, False], ids=["tied embeddings", "own output rows"])
def test_log_odds_equal_those_of_all_logits(tmp_path: Path, tied: bool) -> None:
    folder = write_reranker(tmp_path, tied=tied)
    reference = full_logits(folder)
    assert scores(load(folder), TEXTS) == pytest.approx([reference(QUERY, text) for text in TEXTS], abs=2e-4)


@pytest.mark.parametrize("pack_tokens", [1, 90, 100_000], ids=["one text per pack", "a few", "all at once"])
def test_the_librarys_path_and_any_pack_size_agree(
    reranker_folder: Path, reranker: Qwen3Reranker, pack_tokens: int
) -> None:
    plain = dict(reranker.score(QUERY, MANY, instruction="Find the city"))
    found = scores(load(reranker_folder, pack_tokens=pack_tokens), MANY, instruction="Find the city")
    assert found == pytest.approx([plain[i] for i in range(len(MANY))], abs=2e-4)


def test_one_prefix_serves_question_after_question(reranker_folder: Path, reranker: Qwen3Reranker) -> None:
    packed = load(reranker_folder)
    for query, instruction in [(QUERY, TASK), ("", TASK), (QUERY, "x"), ("what is the", TASK), (QUERY, TASK)]:
        plain = dict(reranker.score(query, TEXTS, instruction=instruction))
        fresh = scores(packed, TEXTS, query, instruction)
        assert fresh == pytest.approx([plain[i] for i in range(len(TEXTS))], abs=2e-4)


@pytest.mark.parametrize("number_type", [NumberType.BF16, pytest.param(NumberType.INT8, marks=EXACT_INT8)])
def test_rougher_numbers_keep_clear_orders(reranker_folder: Path, number_type: NumberType) -> None:
    exact = scores(load(reranker_folder), MANY)
    rough = scores(load(reranker_folder, number_type=number_type), MANY)
    spread = max(exact) - min(exact)
    assert max(abs(a - b) for a, b in zip(exact, rough, strict=True)) < 0.15 * spread
    assert rough != exact
    assert load(reranker_folder, number_type=number_type).info.dtype == number_type.value


def test_no_texts_give_no_scores_and_no_turn(reranker_folder: Path) -> None:
    lock = TurnLog()
    reranker = load(reranker_folder, lock=lock)
    before = len(lock.turns)
    assert scores(reranker, []) == []
    assert len(lock.turns) == before


def test_scores_come_pack_by_pack_and_stopping_ends_the_work(reranker_folder: Path) -> None:
    lock = TurnLog()
    reranker = load(reranker_folder, lock=lock, pack_tokens=1)
    before = len(lock.turns)
    stream = reranker.score(QUERY, TEXTS, instruction=TASK)
    assert [position for position, _ in islice(stream, 2)] == [0, 1]
    stream.close()  # type: ignore[attr-defined]
    assert lock.turns[before:] == [QUESTION, QUESTION]


@pytest.mark.parametrize("word", ["yes"])
def test_a_tokenizer_without_the_answer_words_is_refused(tmp_path: Path, word: str) -> None:
    folder = write_reranker(tmp_path, answers=False)
    with pytest.raises(ModelRejected) as error:
        load(folder)
    assert error.value.reason == reason("models.answer_token", model="tiny/reranker", word=word)
