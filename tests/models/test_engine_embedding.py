"""The packed embedder against Sentence-Transformers, and what it promises beside the numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rag.errors import ModelRejected
from rag.messages import reason
from rag.models.device import DeviceLock
from rag.models.engine.embedding import PackedEmbedder
from rag.models.numbers import NumberType
from tests.support.number_types import ROUGHER
from tests.support.tiny_qwen3 import HIDDEN, write_embedding_model
from tests.support.turns import DOCUMENT, QUESTION, TurnLog

if TYPE_CHECKING:
    from rag.models.qwen3.embedding import Qwen3Embedder

TEXTS = ["", "Milvus", "中国的首都是北京。" * 9, "vectors " * 300, "<|endoftext|> stays text <think>", "Milvus"]


def load(folder: Path, **options: Any) -> PackedEmbedder:
    given: dict[str, Any] = {
        "name": "tiny/embedding",
        "revision": "r1",
        "number_type": NumberType.FP32,
        "lock": DeviceLock(),
    }
    return PackedEmbedder.load(folder, **{**given, **options})


@pytest.mark.parametrize("dimension", [0, 32])
@pytest.mark.parametrize("pack_tokens", [1, 60, 100_000], ids=["one text per pack", "a few", "all at once"])
def test_vectors_equal_the_librarys(
    embedding_folder: Path, load_embedder: Any, dimension: int, pack_tokens: int
) -> None:
    library: Qwen3Embedder = load_embedder(dimension=dimension)
    ours = load(embedding_folder, dimension=dimension, pack_tokens=pack_tokens)
    found = ours.embed_documents(TEXTS)
    np.testing.assert_allclose(found, library.embed_documents(TEXTS), atol=2e-6)
    assert found.dtype == np.float32
    assert found.shape == (len(TEXTS), dimension or HIDDEN)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("instruction", ["", "Find the city"], ids=["default task", "own task"])
def test_query_vectors_equal_the_librarys(embedding_folder: Path, embedder: Qwen3Embedder, instruction: str) -> None:
    ours = load(embedding_folder)
    for query in ("what is the capital?", "", "what is", "Milvus " * 50):
        found = ours.embed_query(query, instruction=instruction)
        np.testing.assert_allclose(found, embedder.embed_query(query, instruction=instruction), atol=2e-6)


@pytest.mark.parametrize(("number_type", "least"), ROUGHER)
def test_rougher_numbers_stay_near(embedding_folder: Path, number_type: NumberType, least: float) -> None:
    exact = load(embedding_folder).embed_documents(TEXTS)
    rough = load(embedding_folder, number_type=number_type).embed_documents(TEXTS)
    assert (exact * rough).sum(1).min() > least


def test_identical_texts_are_embedded_once_and_progress_comes_pack_by_pack(embedding_folder: Path) -> None:
    lock = TurnLog()
    ours = load(embedding_folder, lock=lock, pack_tokens=1)
    before = len(lock.turns)
    packs = [positions for positions, _ in ours.stream_documents(["a", "b", "a", "c", "a"])]
    assert packs == [[0, 2, 4], [1], [3]]
    assert lock.turns[before:] == [DOCUMENT] * 3


def test_questions_take_urgent_turns(embedding_folder: Path) -> None:
    lock = TurnLog()
    ours = load(embedding_folder, lock=lock)
    before = len(lock.turns)
    ours.embed_query("a", instruction="")
    assert lock.turns[before:] == [QUESTION]


def test_texts_that_somebody_waits_for_take_urgent_turns(embedding_folder: Path) -> None:
    lock = TurnLog()
    ours = load(embedding_folder, lock=lock, pack_tokens=1)
    before = len(lock.turns)
    ours.embed_documents(["a", "b"])
    assert lock.turns[before:] == [QUESTION] * 2


def test_no_texts_give_no_rows(embedding_folder: Path) -> None:
    assert load(embedding_folder).embed_documents([]).shape == (0, HIDDEN)


def test_long_texts_are_cut_and_counted_as_by_the_library(embedding_folder: Path, load_embedder: Any) -> None:
    library: Qwen3Embedder = load_embedder(max_tokens=64)
    ours = load(embedding_folder, max_tokens=64)
    np.testing.assert_allclose(ours.embed_documents(TEXTS), library.embed_documents(TEXTS), atol=2e-6)
    assert ours.count_tokens(TEXTS) == library.count_tokens(TEXTS)
    assert ours.max_tokens == library.max_tokens == 64


def test_a_tokenizer_that_does_not_end_texts_is_refused(tmp_path: Path) -> None:
    folder = write_embedding_model(tmp_path, end=False)
    with pytest.raises(ModelRejected) as error:
        load(folder)
    assert error.value.reason.code == "models.last_token"


@pytest.mark.parametrize("dimension", [16, HIDDEN + 1])
def test_a_dimension_the_model_does_not_have_is_refused(embedding_folder: Path, dimension: int) -> None:
    with pytest.raises(ModelRejected) as error:
        load(embedding_folder, dimension=dimension)
    assert error.value.reason == reason(
        "models.dimension", model="tiny/embedding", value=dimension, smallest=32, largest=HIDDEN
    )
