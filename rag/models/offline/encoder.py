"""BERT's layers over packed rows: the token ids of several texts, none of them padded -> the last rows of each.

Against the published network nothing is left out; a text's numbers do not depend on its company.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from ..numbers import NumberType
from .affine import TYPES, Affine

STEP = 16
"""Rows are filled up to a multiple of it: the library makes kernels for each number of rows, and keeps them for good,
half a megabyte each time."""


class Weights(Protocol):
    """Tensors of one model by the names that published BERT checkpoints give them."""

    @property
    def layers(self) -> int: ...

    @property
    def heads(self) -> int: ...

    @property
    def epsilon(self) -> float: ...

    def words(self, ids: Tensor) -> Tensor:
        """`[len(ids), hidden]` fp32 rows of the embedding table."""

    def tensor(self, name: str) -> Tensor:
        """An fp32 tensor. Raises ModelRejected when it is not there."""


@dataclass(frozen=True, slots=True)
class _Norm:
    weight: Tensor
    bias: Tensor
    epsilon: float

    def __call__(self, x: Tensor) -> Tensor:
        return functional.layer_norm(x, self.weight.shape, self.weight, self.bias, self.epsilon)


@dataclass(frozen=True, slots=True)
class _Layer:
    qkv: Affine
    out: Affine
    between: _Norm
    wide: Affine
    narrow: Affine
    after: _Norm


class Encoder:
    """One model on the CPU. Its large products are of `number_type`, all else is fp32.

    Not for several threads at once: the caller holds the device's turn.
    """

    def __init__(self, weights: Weights, number_type: NumberType = NumberType.FP32) -> None:
        self.dtype = str(TYPES[number_type]).removeprefix("torch.")
        self._words = weights.words
        self._heads = weights.heads
        self._positions = weights.tensor("embeddings.position_embeddings.weight")
        self._type = weights.tensor("embeddings.token_type_embeddings.weight")[0]
        self._norm = _norm(weights, "embeddings.LayerNorm")
        self._layers = [_layer(weights, f"encoder.layer.{index}", number_type) for index in range(weights.layers)]

    @property
    def hidden(self) -> int:
        """Width of a row."""
        return self._positions.shape[1]

    @property
    def positions(self) -> int:
        """Tokens of the longest text."""
        return len(self._positions)

    @torch.inference_mode()
    def rows(self, texts: Sequence[Sequence[int]]) -> list[Tensor]:
        """`[tokens, hidden]` of each text after all layers; `texts` are token ids with the special ones."""
        lengths = [len(text) for text in texts]
        positions = torch.cat([self._positions[:length] for length in lengths])
        x = self._norm(self._words(torch.tensor([token for text in texts for token in text])) + positions + self._type)
        x = functional.pad(x, (0, 0, 0, -len(x) % STEP))
        for layer in self._layers:
            x = layer.between(layer.out(self._attended(layer.qkv(x).float(), lengths)).float().add_(x))
            x = layer.after(layer.narrow(layer.wide(x)).float().add_(x))
        return list(torch.split(x[: sum(lengths)], lengths))

    def _attended(self, qkv: Tensor, lengths: Sequence[int]) -> Tensor:
        """Each token over all of its own text: `[rows, hidden]`; 0 for the rows that only fill up."""
        pieces = []
        for own in torch.split(qkv[: sum(lengths)], list(lengths)):
            queries, keys, values = own.view(len(own), 3, self._heads, -1).permute(1, 2, 0, 3)[:, None].unbind()
            pieces.append(functional.scaled_dot_product_attention(queries, keys, values)[0].transpose(0, 1).flatten(1))
        return functional.pad(torch.cat(pieces), (0, 0, 0, len(qkv) - sum(lengths)))


def _norm(weights: Weights, name: str) -> _Norm:
    return _Norm(weights.tensor(f"{name}.weight"), weights.tensor(f"{name}.bias"), weights.epsilon)


def _layer(weights: Weights, at: str, kind: NumberType) -> _Layer:
    def affine(*names: str, gelu: bool = False) -> Affine:
        weight, bias = (torch.cat([weights.tensor(f"{at}.{n}.{part}") for n in names]) for part in ("weight", "bias"))
        return Affine.of(weight, bias, kind, gelu=gelu)

    return _Layer(
        qkv=affine(*(f"attention.self.{name}" for name in ("query", "key", "value"))),
        out=affine("attention.output.dense"),
        between=_norm(weights, f"{at}.attention.output.LayerNorm"),
        wide=affine("intermediate.dense", gelu=True),
        narrow=affine("output.dense"),
        after=_norm(weights, f"{at}.output.LayerNorm"),
    )
