"""The engine's layers against the published implementation, in miniature: same numbers for every shape and length."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import Tensor

from rag.models.engine.assembly import assemble
from rag.models.engine.attention import (
    BLOCK,
    Attention,
    BlockAttention,
    KeysValues,
    SegmentAttention,
    Segments,
    VariableLengthAttention,
)
from rag.models.engine.network import Network
from rag.models.numbers import NumberType
from tests.support.number_types import ROUGHER

if TYPE_CHECKING:
    from transformers import Qwen3ForCausalLM

VOCABULARY = 257
LENGTHS = (1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 5)
SHAPES: dict[str, dict[str, Any]] = {
    "0.6B: two queries per key, heads wider than hidden": {},
    "4B: four queries per key, hidden no power of two": {
        "hidden_size": 80,
        "intermediate_size": 304,
        "num_attention_heads": 8,
        "head_dim": 32,
    },
    "8B: output rows of its own": {"hidden_size": 128, "num_attention_heads": 8, "tie_word_embeddings": False},
    "one key per query": {"num_key_value_heads": 4},
    "one layer, first and last at once": {"num_hidden_layers": 1},
    "other rotary base and epsilon": {"rope_theta": 5000.0, "rms_norm_eps": 1e-3},
}

Make = Callable[[dict[str, Any]], "tuple[Qwen3ForCausalLM, Path]"]


@pytest.fixture(scope="module", params=list(SHAPES.values()), ids=list(SHAPES))
def published(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    return make(request.param, tmp_path_factory.mktemp("network"))


def make(options: dict[str, Any], folder: Path, *, dtype: torch.dtype = torch.float32) -> tuple[Any, Path]:
    """A random model with norm weights that are not all one, saved and in memory."""
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(7)
    shape = {
        "vocab_size": VOCABULARY,
        "hidden_size": 64,
        "intermediate_size": 192,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 32,
        "rope_theta": 1e6,
        "tie_word_embeddings": True,
        "initializer_range": 0.2,
    }
    model = Qwen3ForCausalLM(Qwen3Config(**{**shape, **options})).eval()  # type: ignore[no-untyped-call]
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "norm" in name:
                weight.uniform_(0.5, 1.5)
    model = model.to(dtype)
    model.save_pretrained(folder)
    return model.float(), folder


def random_ids(count: int, seed: int) -> list[int]:
    generator = torch.Generator().manual_seed(seed)
    ids: list[int] = torch.randint(0, VOCABULARY, (count,), generator=generator).tolist()
    return ids


TEXTS = [random_ids(length, length) for length in LENGTHS]
PREFIX = random_ids(19, 1)


@torch.inference_mode()
def hidden(model: Any, ids: list[int]) -> torch.Tensor:
    states: torch.Tensor = model.model(torch.tensor([ids])).last_hidden_state[0, -1]
    return states


def flash_by_hand(
    queries: Tensor, keys: Tensor, values: Tensor, asked: Tensor, seen: Tensor, *sizes: int, **how: Any
) -> Tensor:
    """What torch's `varlen_attn` is documented to do, one query after the other."""
    from torch.nn.attention.varlen import varlen_attn

    inspect.signature(varlen_attn).bind(queries, keys, values, asked, seen, *sizes, **how)
    assert how == {"scale": 1.0, "window_size": (-1, 0), "enable_gqa": True}
    assert {asked.dtype, seen.dtype} == {torch.int32}
    assert sizes == (int(asked.diff().max()), int(seen.diff().max()))
    group = queries.shape[1] // keys.shape[1]
    result = torch.empty_like(queries)
    for (start, end), (first, last) in zip(pairwise(asked.tolist()), pairwise(seen.tolist()), strict=True):
        for row in range(start, end):
            visible = slice(first, last - (end - 1 - row))  # causal, aligned at the last query
            for head in range(queries.shape[1]):
                weights = torch.softmax(keys[visible, head // group].float() @ queries[row, head].float(), 0)
                result[row, head] = weights @ values[visible, head // group].float()
    return result


@pytest.mark.parametrize("streamed", [False, True], ids=["kept weights", "weights read when needed"])
def test_last_rows_equal_the_published_ones(published: tuple[Any, Path], streamed: bool) -> None:
    model, folder = published
    ours = assemble(folder, NumberType.FP32, streamed=streamed)
    rows = ours.final(ours.network.last_rows(TEXTS))
    expected = torch.stack([hidden(model, text) for text in TEXTS])
    torch.testing.assert_close(rows, expected, atol=2e-5, rtol=1e-5)


def test_a_prefix_in_two_steps_gives_the_rows_of_the_whole_text(published: tuple[Any, Path]) -> None:
    model, folder = published
    ours = assemble(folder, NumberType.FP32)
    prefix = ours.network.prefix(PREFIX[5:], after=ours.network.prefix(PREFIX[:5]))
    rows = ours.final(ours.network.last_rows(TEXTS, prefix=prefix))
    expected = torch.stack([hidden(model, PREFIX + text) for text in TEXTS])
    torch.testing.assert_close(rows, expected, atol=2e-5, rtol=1e-5)


def test_a_longer_prefix_cut_back_is_the_shorter_one(published: tuple[Any, Path]) -> None:
    _, folder = published
    network = assemble(folder, NumberType.FP32).network
    short = network.last_rows(TEXTS, prefix=network.prefix(PREFIX[:8]))
    cut = network.last_rows(TEXTS, prefix=network.prefix(PREFIX).first(8))
    torch.testing.assert_close(cut, short, atol=1e-5, rtol=1e-5)


def test_head_rows_give_the_published_logits(published: tuple[Any, Path]) -> None:
    model, folder = published
    ours = assemble(folder, NumberType.FP32)
    logits = ours.network.last_rows(TEXTS) @ ours.head([5, 7]).T
    with torch.inference_mode():
        expected = torch.stack([model(torch.tensor([text])).logits[0, -1, [5, 7]] for text in TEXTS])
    torch.testing.assert_close(logits, expected, atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize(("number_type", "least"), ROUGHER)
def test_rougher_numbers_stay_near(published: tuple[Any, Path], number_type: NumberType, least: float) -> None:
    model, folder = published
    ours = assemble(folder, number_type)
    exact = assemble(folder, NumberType.FP32, streamed=True)
    prefix = ours.adopted(exact.network.prefix(PREFIX))
    rows = ours.final(ours.network.last_rows(TEXTS, prefix=prefix))
    expected = torch.stack([hidden(model, PREFIX + text) for text in TEXTS])
    assert torch.cosine_similarity(rows, expected).min() > least


@pytest.mark.parametrize(("number_type", "least"), [(NumberType.FP32, 0.999999), (NumberType.BF16, 0.999)])
def test_the_portable_form_of_other_devices_gives_the_same(
    published: tuple[Any, Path], number_type: NumberType, least: float
) -> None:
    model, folder = published
    ours = assemble(folder, number_type, portable=True)
    prefix = ours.network.prefix(PREFIX)
    rows = ours.final(ours.network.last_rows(TEXTS, prefix=prefix).float())
    expected = torch.stack([hidden(model, PREFIX + text) for text in TEXTS])
    assert torch.cosine_similarity(rows, expected).min() > least


@pytest.mark.parametrize(("number_type", "least"), [(NumberType.FP32, 0.999999), (NumberType.BF16, 0.999)])
def test_the_layout_for_the_flash_kernel_gives_the_same(
    published: tuple[Any, Path], number_type: NumberType, least: float
) -> None:
    model, folder = published
    ours = assemble(folder, number_type, portable=True, attention=VariableLengthAttention(flash_by_hand))
    prefix = ours.network.prefix(PREFIX)
    rows = ours.final(ours.network.last_rows(TEXTS, prefix=prefix).float())
    expected = torch.stack([hidden(model, PREFIX + text) for text in TEXTS])
    assert torch.cosine_similarity(rows, expected).min() > least


def test_every_token_is_computed_once_and_nothing_else(tmp_path: Path) -> None:
    _, folder = make({"num_hidden_layers": 1}, tmp_path)
    ours, rows = assemble(folder, NumberType.FP32), list[int]()
    network = ours.network

    def embed(ids: Tensor) -> Tensor:
        rows.append(len(ids))
        return torch.zeros(len(ids), network.shape.hidden)

    counted = Network(
        network.shape,
        network.layers,
        embed=embed,
        attention=BlockAttention(torch.float32),
        device=torch.device("cpu"),
    )
    counted.last_rows(TEXTS, prefix=counted.prefix(PREFIX))
    assert sum(rows) == len(PREFIX) + sum(LENGTHS)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize(("number_type", "least"), [(NumberType.FP32, 0.99999), (NumberType.BF16, 0.999)])
def test_a_gpu_gives_the_published_rows(number_type: NumberType, least: float, tmp_path: Path) -> None:
    # 64 is a head size the flash kernel takes.
    model, folder = make({"head_dim": 64}, tmp_path)
    ours = assemble(folder, number_type, device="cuda")
    rows = ours.final(ours.network.last_rows(TEXTS, prefix=ours.network.prefix(PREFIX)))
    expected = torch.stack([hidden(model, PREFIX + text) for text in TEXTS])
    assert torch.cosine_similarity(rows, expected).min() > least


def test_packing_does_not_change_a_row(published: tuple[Any, Path]) -> None:
    _, folder = published
    network = assemble(folder, NumberType.FP32).network
    together = network.last_rows(TEXTS)
    alone = torch.cat([network.last_rows([text]) for text in TEXTS])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


def test_bf16_files_in_several_parts_are_read(tmp_path: Path) -> None:
    model, folder = make({}, tmp_path, dtype=torch.bfloat16)
    whole = assemble(folder, NumberType.FP32)
    model.to(torch.bfloat16).save_pretrained(tmp_path / "parts", max_shard_size="40KB")
    assert len(list((tmp_path / "parts").glob("model-*.safetensors"))) > 1
    parts = assemble(tmp_path / "parts", NumberType.FP32)
    torch.testing.assert_close(parts.network.last_rows(TEXTS), whole.network.last_rows(TEXTS), atol=0, rtol=0)


def test_names_without_the_leading_word_are_read(tmp_path: Path) -> None:
    model, folder = make({}, tmp_path / "whole")
    model.model.save_pretrained(tmp_path / "bare")  # as the embedding folders are published
    bare = assemble(tmp_path / "bare", NumberType.FP32)
    expected = assemble(folder, NumberType.FP32).network.last_rows(TEXTS)
    torch.testing.assert_close(bare.network.last_rows(TEXTS), expected, atol=0, rtol=0)


@pytest.mark.parametrize("only_last", [False, True], ids=["all queries", "last queries"])
@pytest.mark.parametrize("before", [0, 9], ids=["no prefix", "prefix"])
@pytest.mark.parametrize(
    "attention",
    [
        BlockAttention(torch.float32),
        SegmentAttention(),
        VariableLengthAttention(flash_by_hand),
    ],
    ids=["blocks", "segments", "flash"],
)
def test_attention_equals_softmax_written_out(attention: Attention, before: int, only_last: bool) -> None:
    generator = torch.Generator().manual_seed(3)
    heads, kv_heads, width, segments = 4, 2, 8, Segments(LENGTHS)
    total = sum(LENGTHS)
    own = KeysValues(*(torch.randn(kv_heads, total, width, generator=generator) for _ in range(2)))
    prefix = KeysValues(*(torch.randn(kv_heads, before, width, generator=generator) for _ in range(2)))
    queries = torch.randn(len(LENGTHS) if only_last else total, heads, width, generator=generator)
    found = attention(queries, own, prefix if before else None, segments, only_last=only_last)
    row = 0
    for start, length in zip(segments.starts, LENGTHS, strict=False):
        for token in [length - 1] if only_last else range(length):
            for head in range(heads):
                kv = head * kv_heads // heads
                keys = torch.cat([prefix.keys[kv], own.keys[kv, start : start + token + 1]])
                values = torch.cat([prefix.values[kv], own.values[kv, start : start + token + 1]])
                expected = torch.softmax(keys @ queries[row, head], 0) @ values
                torch.testing.assert_close(found[row, head], expected, atol=2e-5, rtol=1e-4)
            row += 1
    assert row == len(queries)
