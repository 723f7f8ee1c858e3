"""Memory that runs out: less at once is tried, and only that error is taken for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from rag.errors import ModelsError
from rag.messages import reason
from rag.models.device import DeviceLock
from rag.models.memory import in_parts_that_fit, out_of_memory, placed
from rag.models.qwen3.prompts import EmbeddingTokens, RerankerTokens
from rag.models.tokens import FileTokenizer
from rag.status import ModelInfo

if TYPE_CHECKING:
    from rag.models.qwen3.embedding import Qwen3Embedder
    from rag.models.qwen3.reranking import Qwen3Reranker

INFO = ModelInfo("m", "1", "cpu", "float32")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(torch.OutOfMemoryError("CUDA out of memory"), True, id="CUDA"),
        pytest.param(RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"), True, id="Apple"),
        pytest.param(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), True, id="CPU"),
        pytest.param(MemoryError(), True, id="Python"),
        pytest.param(RuntimeError("shapes do not match"), False, id="something else"),
    ],
)
def test_memory_is_told_from_other_errors(error: Exception, expected: bool) -> None:
    assert out_of_memory(error) is expected


def room_for(most: int) -> tuple[Any, list[int]]:
    """A computation with room for so many at once, and the sizes it was asked for."""
    asked: list[int] = []

    def compute(part: Sequence[int]) -> list[int]:
        asked.append(len(part))
        if len(part) > most:
            raise torch.OutOfMemoryError("no room")
        return [10 * position for position in part]

    return compute, asked


def test_a_group_that_does_not_fit_is_tried_in_halves() -> None:
    compute, asked = room_for(2)
    parts = list(in_parts_that_fit([4, 7, 1, 0, 9], compute, model="m", tokens=lambda p: p))
    assert parts == [([4, 7], [40, 70]), ([1], [10]), ([0, 9], [0, 90])]
    assert asked == [5, 2, 3, 1, 2]


def test_a_single_text_that_does_not_fit_is_an_error_with_its_size() -> None:
    compute, _ = room_for(0)
    with pytest.raises(ModelsError) as error:
        list(in_parts_that_fit([3, 4], compute, model="m", tokens=lambda p: 100 * p))
    assert error.value.reason == reason("models.out_of_memory", model="m", tokens=300)


def test_another_error_is_passed_on() -> None:
    def broken(part: Sequence[int]) -> None:
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        list(in_parts_that_fit([1, 2], broken, model="m", tokens=lambda p: p))


def cramped(model: Any, rows: list[int]) -> None:
    """From now on the model has room for two texts at once; `rows` gets the size of every attempt."""

    def check(_: Any, args: Any, kwargs: Any) -> None:
        ids = kwargs["input_ids"] if kwargs else args[0]["input_ids"]
        rows.append(len(ids))
        if len(ids) > 2:
            raise torch.OutOfMemoryError("no room")

    model.register_forward_pre_hook(check, with_kwargs=True)


def test_the_librarys_embedder_goes_on_with_fewer_texts(embedding_folder: Path, embedder: Qwen3Embedder) -> None:
    from sentence_transformers import SentenceTransformer

    from rag.models.qwen3.embedding import Qwen3Embedder

    model = SentenceTransformer(str(embedding_folder), device="cpu", local_files_only=True).float()
    tokens = EmbeddingTokens(FileTokenizer(embedding_folder), name="m", limit=64)
    ours, rows = Qwen3Embedder(model, tokens, INFO, lock=DeviceLock()), list[int]()
    cramped(model, rows)
    texts = [f"text {n}" for n in range(5)]
    np.testing.assert_allclose(ours.embed_documents(texts), embedder.embed_documents(texts), atol=1e-5)
    assert rows == [5, 2, 3, 1, 2]


def test_the_librarys_reranker_goes_on_with_fewer_texts(reranker_folder: Path, reranker: Qwen3Reranker) -> None:
    from transformers import AutoModelForCausalLM

    from rag.models.qwen3.reranking import Qwen3Reranker

    model: Any = AutoModelForCausalLM.from_pretrained(str(reranker_folder), dtype=torch.float32)
    tokens = RerankerTokens(FileTokenizer(reranker_folder), name="m", limit=1024)
    ours, rows = Qwen3Reranker(model, tokens, INFO, lock=DeviceLock()), list[int]()
    cramped(model.base_model, rows)
    texts = [f"text {n}" for n in range(5)]
    expected = dict(reranker.score("q", texts, instruction=""))
    assert dict(ours.score("q", texts, instruction="")) == pytest.approx(expected, abs=1e-4)
    assert rows == [5, 2, 3, 1, 2]


def test_a_model_that_does_not_fit_moves_to_the_cpu_and_says_so() -> None:
    def load(device: str) -> str:
        if device != "cpu":
            raise torch.OutOfMemoryError("CUDA out of memory")
        return "on " + device

    assert placed("cpu", "m", load) == ("on cpu", None)
    assert placed("cuda", "m", load) == ("on cpu", reason("engine.moved_to_cpu", model="m", device="cuda"))


def test_a_model_that_fits_nowhere_is_an_error() -> None:
    def load(device: str) -> str:
        raise MemoryError

    with pytest.raises(ModelsError) as error:
        placed("cuda", "m", load)
    assert error.value.reason == reason("engine.no_room", model="m")


def test_another_error_while_loading_is_not_taken_for_a_lack_of_memory() -> None:
    def load(device: str) -> str:
        raise RuntimeError("driver too old")

    with pytest.raises(RuntimeError, match="driver"):
        placed("cuda", "m", load)
