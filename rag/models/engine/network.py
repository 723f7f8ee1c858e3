"""Qwen3's layers in order, over packed rows: token ids -> last hidden rows, or the keys and values of a prefix.

Against the published code nothing is left out; what differs is the order of the arithmetic. Query, key and value are
one product, gate and up another. Norm weights live in the matrices. A row's norm travels as its scale and is multiplied
in after the product, and queries and keys, which have a norm of their own, never need it. In the last layer only keys
and values are computed for all tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ..products import Linear
from .architecture import Architecture
from .attention import Attention, KeysValues, Segments, joined


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer, ready to run. The last layer's fused product is split: see `queries`."""

    qkv: Linear
    """All of query, key and value; in the last layer key and value alone."""
    queries: Linear | None
    """The last layer's queries, needed for the last token of each text only."""
    out: Linear
    gate_up: Linear
    down: Linear
    head_norm: Tensor


@dataclass(frozen=True, slots=True)
class Prefix:
    """The keys and values of a beginning shared by many texts, per layer."""

    ids: tuple[int, ...]
    layers: tuple[KeysValues, ...]

    def first(self, tokens: int) -> Prefix:
        """The prefix of the prefix."""
        return Prefix(self.ids[:tokens], tuple(layer.first(tokens) for layer in self.layers))


class Network:
    """The layers of one model. Not for several threads at once: the caller holds the device's turn.

    `embed` gives `[n, hidden]` fp32 rows for token ids, in the basis the layers work in.
    """

    def __init__(
        self,
        shape: Architecture,
        layers: Sequence[Layer],
        *,
        embed: Callable[[Tensor], Tensor],
        attention: Attention,
        device: torch.device,
    ) -> None:
        self.shape = shape
        self.layers = layers
        self._embed = embed
        self._attention = attention
        self._device = device

    @torch.inference_mode()
    def last_rows(self, texts: Sequence[Sequence[int]], *, prefix: Prefix | None = None) -> Tensor:
        """`[len(texts), hidden]` fp32: every text's last token after all layers, divided by its norm.

        `texts` are non-empty token ids that follow `prefix`.
        """
        rows, _ = self._run(texts, prefix, keep=False)
        assert rows is not None
        return _normed(rows, self.shape.epsilon)

    @torch.inference_mode()
    def prefix(self, ids: Sequence[int], *, after: Prefix | None = None) -> Prefix:
        """Keys and values of `after` and then `ids`."""
        _, layers = self._run([ids], after, keep=True)
        before = after.ids if after else ()
        return Prefix((*before, *ids), tuple(layers))

    def _run(
        self, texts: Sequence[Sequence[int]], prefix: Prefix | None, *, keep: bool
    ) -> tuple[Tensor | None, list[KeysValues]]:
        """The rows of the last tokens, or with `keep` the keys and values of prefix and the one text."""
        segments = Segments(tuple(map(len, texts)))
        before = len(prefix.ids) if prefix else 0
        x = self._embed(torch.tensor([token for text in texts for token in text]))
        turn = _turns(self.shape, segments, before, self._device)
        ends = torch.tensor(segments.last, device=self._device)
        kept: list[KeysValues] = []
        for index in range(self.shape.layers):
            layer = self.layers[index]
            is_last = index == self.shape.layers - 1
            shared = prefix.layers[index] if prefix else None
            queries, own = self._heads(layer, x, turn, ends if is_last else None)
            if keep:
                kept.append(_copied(joined(shared, own)))
                if is_last:
                    return None, kept
            attended = self._attention(queries, own, shared, segments, only_last=is_last)
            x = x[ends] if is_last else x
            x = self._rest(layer, x, attended)
        return x, kept

    def _heads(self, layer: Layer, x: Tensor, turn: RowRotation, ends: Tensor | None) -> tuple[Tensor, KeysValues]:
        """Queries `[rows, heads, head_dim]` of all tokens, or of `ends` alone, and everyone's keys and values."""
        shape = self.shape
        norm = _inverse_norm(x, shape.epsilon)
        fused, scale = layer.qkv(x, norm)
        first_value = fused.shape[1] - shape.kv_heads * shape.head_dim
        heads = fused[:, :first_value].reshape(len(x), -1, shape.head_dim)
        values = fused[:, first_value:]
        if scale is not None:
            values = (values * scale).to(fused.dtype)
        values = values.view(len(x), shape.kv_heads, shape.head_dim).transpose(0, 1)
        head_norm = layer.head_norm[-heads.shape[1] :]
        turned = turn(_head_normed(heads, scale, head_norm, shape.epsilon))
        if layer.queries is None:
            queries, keys = turned[:, : shape.heads], turned[:, shape.heads :]
            return queries, KeysValues(keys.transpose(0, 1), values)
        rows = slice(None) if ends is None else ends
        asked, asked_scale = layer.queries(x[rows], norm[rows])
        asked = asked.view(-1, shape.heads, shape.head_dim)
        asked = _head_normed(asked, asked_scale, layer.head_norm[: shape.heads], shape.epsilon)
        return turn.at(rows)(asked), KeysValues(turned.transpose(0, 1), values)

    def _rest(self, layer: Layer, x: Tensor, attended: Tensor) -> Tensor:
        """The rest of a layer after attention: its output product, and the gated feed-forward."""
        x = _added(x, *layer.out(attended.reshape(len(x), -1), None))
        both, scale = layer.gate_up(x, _inverse_norm(x, self.shape.epsilon))
        gate, up = both.tensor_split(2, dim=1)
        if scale is not None:
            gate = gate.mul_(scale)
        return _added(x, *layer.down(functional.silu(gate, inplace=True).mul_(up), scale))


class RowRotation:
    """Rotary position embedding for given rows."""

    def __init__(self, cosine: Tensor, sine: Tensor) -> None:
        self._cosine = cosine
        self._sine = sine

    def at(self, rows: Tensor | slice) -> RowRotation:
        """The rotation for some of the rows."""
        return RowRotation(self._cosine[rows], self._sine[rows])

    def __call__(self, heads: Tensor) -> Tensor:
        """`[rows, heads, head_dim]` turned by each row's position."""
        half = heads.shape[2] // 2
        left, right = heads[..., :half], heads[..., half:]
        result = torch.empty_like(heads)
        torch.mul(left, self._cosine, out=result[..., :half]).addcmul_(right, self._sine, value=-1)
        torch.mul(right, self._cosine, out=result[..., half:]).addcmul_(left, self._sine)
        return result


def _turns(shape: Architecture, segments: Segments, before: int, device: torch.device) -> RowRotation:
    """Rows' rotations, `[rows, 1, head_dim / 2]` fp32; every segment starts at position `before`."""
    positions = torch.cat([torch.arange(before, before + length) for length in segments.lengths]).float()
    exponents = torch.arange(0, shape.head_dim, 2, dtype=torch.float32) / shape.head_dim
    frequencies = 1.0 / (shape.rope_theta**exponents)
    angles = torch.outer(positions.to(device), frequencies.to(device))[:, None]
    return RowRotation(angles.cos(), angles.sin())


def _inverse_norm(x: Tensor, epsilon: float) -> Tensor:
    """`[rows, 1]`: what a row is multiplied with by an RMS norm."""
    length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    inverse: Tensor = length.square_().div_(x.shape[-1]).add_(epsilon).rsqrt_()
    return inverse


def _normed(x: Tensor, epsilon: float) -> Tensor:
    return x * _inverse_norm(x, epsilon)


def _head_normed(heads: Tensor, scale: Tensor | None, weights: Tensor, epsilon: float) -> Tensor:
    """Every head divided by its norm, times its weights; in place. A row's scale only shifts epsilon."""
    length = torch.linalg.vector_norm(heads, dim=-1, keepdim=True, dtype=torch.float32)
    mean = length.square_().div_(heads.shape[-1])
    shift = epsilon if scale is None else (epsilon / scale.square())[:, :, None]
    return heads.mul_((mean + shift).rsqrt_()).mul_(weights)


def _added(x: Tensor, y: Tensor, scale: Tensor | None) -> Tensor:
    """`x + y * scale` in place; `x` stays fp32."""
    return x.add_(y) if scale is None else x.addcmul_(y, scale)


def _copied(kept: KeysValues) -> KeysValues:
    """Without the products they are views of, which would stay in memory with them."""
    return KeysValues(kept.keys.contiguous(), kept.values.clone(memory_format=torch.contiguous_format))
