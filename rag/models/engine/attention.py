"""Causal attention of packed segments, each over [shared prefix ; its own tokens].

Queries of a key head's group stand below each other as rows of one matrix. Long segments are cut in blocks of queries,
so that the half of the scores above the diagonal is never computed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

BLOCK = 64
"""Queries per block: fewer waste less above the diagonal, more make better matrix products."""


@dataclass(frozen=True, slots=True)
class Segments:
    """Bounds of the texts in a pack: text i is rows `starts[i]:starts[i + 1]`."""

    lengths: tuple[int, ...]

    @property
    def starts(self) -> list[int]:
        """Offsets of all texts and the total."""
        offsets = [0]
        for length in self.lengths:
            offsets.append(offsets[-1] + length)
        return offsets

    @property
    def last(self) -> list[int]:
        """The row of every text's last token."""
        return [end - 1 for end in self.starts[1:]]


@dataclass(frozen=True, slots=True)
class KeysValues:
    """Keys (position already applied) and values of some tokens in one layer, both `[kv_heads, tokens, head_dim]`."""

    keys: Tensor
    values: Tensor

    @property
    def tokens(self) -> int:
        return self.keys.shape[1]

    def first(self, tokens: int) -> KeysValues:
        """Keys and values of the first `tokens` tokens."""
        return KeysValues(self.keys[:, :tokens], self.values[:, :tokens])


class Attention(Protocol):
    """`queries [rows, heads, head_dim]`, scaled; returns the same shape.

    `own` holds the keys and values of all rows. With `only_last` there is one query per segment, its last token's.
    """

    def __call__(
        self, queries: Tensor, own: KeysValues, prefix: KeysValues | None, segments: Segments, *, only_last: bool
    ) -> Tensor: ...


class BlockAttention:
    """By matrix products and softmax in `dtype`: the fastest way measured on CPUs, whose flash kernel is slower."""

    def __init__(self, dtype: torch.dtype) -> None:
        self._dtype = dtype

    def __call__(
        self, queries: Tensor, own: KeysValues, prefix: KeysValues | None, segments: Segments, *, only_last: bool
    ) -> Tensor:
        result = torch.empty_like(queries)
        starts = segments.starts
        grouped = queries.view(len(queries), own.keys.shape[0], -1, queries.shape[2])
        for i, (start, end) in enumerate(pairwise(starts)):
            keys, values = self._joined(own, prefix, start, end)
            mine = slice(i, i + 1) if only_last else slice(start, end)
            result[mine] = self._segment(grouped[mine], keys, values).view(-1, *queries.shape[1:])
        return result

    def _joined(self, own: KeysValues, prefix: KeysValues | None, start: int, end: int) -> tuple[Tensor, Tensor]:
        """Keys `[kv_heads, head_dim, all]`, turned for the product, and values `[kv_heads, all, head_dim]`."""
        seen = joined(prefix, KeysValues(own.keys[:, start:end], own.values[:, start:end]))
        return seen.keys.to(self._dtype).transpose(1, 2).contiguous(), seen.values.to(self._dtype).contiguous()

    def _segment(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """The last `len(queries)` tokens of a segment over all of it; `queries [n, kv_heads, group, head_dim]`."""
        count, heads, group, width = queries.shape
        hidden = keys.shape[2] - count
        pieces = []
        for start in range(0, count, BLOCK):
            end = min(start + BLOCK, count)
            size, seen = end - start, hidden + end
            rows = queries[start:end].to(self._dtype).permute(1, 2, 0, 3).reshape(heads, group * size, width)
            scores = torch.bmm(rows, keys[:, :, :seen])
            if size > 1:
                corner = scores.view(heads, group, size, seen)[..., seen - size :]
                corner += _upper(size, self._dtype)
            weights = torch.softmax(scores, -1)
            piece = torch.bmm(weights, values[:, :seen])
            pieces.append(piece.view(heads, group, size, width).permute(2, 0, 1, 3))
        return torch.cat(pieces)


class SegmentAttention:
    """By torch's scaled dot product, one call per segment: any device."""

    def __call__(
        self, queries: Tensor, own: KeysValues, prefix: KeysValues | None, segments: Segments, *, only_last: bool
    ) -> Tensor:
        result = torch.empty_like(queries)
        starts = segments.starts
        for i, (start, end) in enumerate(pairwise(starts)):
            mine = slice(i, i + 1) if only_last else slice(start, end)
            seen = joined(prefix, KeysValues(own.keys[:, start:end], own.values[:, start:end]))
            result[mine] = _scaled_dot_product(queries[mine], seen.keys, seen.values)
        return result


def _scaled_dot_product(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    count, seen = len(queries), keys.shape[1]
    mask = None
    if count > 1:
        shape = (count, seen)
        mask = torch.ones(shape, dtype=torch.bool, device=queries.device).tril(seen - count)
    group = queries.shape[1] // keys.shape[0]  # spread by hand: not every device's kernel knows shared heads
    keys, values = (part.to(queries.dtype).repeat_interleave(group, 0)[None] for part in (keys, values))
    result = functional.scaled_dot_product_attention(
        queries.transpose(0, 1)[None], keys, values, attn_mask=mask, scale=1.0
    )
    return result[0].transpose(0, 1)


class VariableLengthAttention:
    """All segments in one flash kernel, on CUDA in half precision."""

    def __init__(self, kernel: Callable[..., Tensor | tuple[Tensor, Tensor]] | None = None) -> None:
        """`kernel` has the signature of torch's `varlen_attn`, and is that where none is given."""
        from torch.nn.attention.varlen import varlen_attn

        self._kernel = kernel or varlen_attn

    def __call__(
        self, queries: Tensor, own: KeysValues, prefix: KeysValues | None, segments: Segments, *, only_last: bool
    ) -> Tensor:
        before = 0 if prefix is None else prefix.tokens
        rows, asked, seen = _layout(segments.lengths, before, only_last, queries.device)
        every = joined(prefix, own)
        result = self._kernel(
            queries.contiguous(),
            every.keys.transpose(0, 1)[rows].to(queries.dtype),
            every.values.transpose(0, 1)[rows].to(queries.dtype),
            asked,
            seen,
            1 if only_last else max(segments.lengths),
            max(segments.lengths) + before,
            scale=1.0,
            window_size=(-1, 0),
            enable_gqa=True,
        )
        assert isinstance(result, Tensor)  # a tuple only where more was asked for
        return result


def joined(first: KeysValues | None, second: KeysValues) -> KeysValues:
    """The tokens of both, in order."""
    if first is None:
        return second
    return KeysValues(torch.cat([first.keys, second.keys], 1), torch.cat([first.values, second.values], 1))


@lru_cache(maxsize=4)  # the same for all layers of a pack
def _layout(
    lengths: tuple[int, ...], before: int, only_last: bool, device: torch.device
) -> tuple[Tensor, Tensor, Tensor]:
    """Rows of [prefix ; all own rows] that put the prefix before every segment; offsets of queries and of keys."""
    rows: list[int] = []
    for start, length in zip(Segments(lengths).starts, lengths, strict=False):
        rows += range(before)
        rows += range(before + start, before + start + length)
    asked = [1] * len(lengths) if only_last else lengths
    seen = [length + before for length in lengths]
    return torch.tensor(rows, device=device), _offsets(asked, device), _offsets(seen, device)


def _offsets(lengths: Sequence[int], device: torch.device) -> Tensor:
    return torch.tensor([0, *lengths], dtype=torch.int32).cumsum(0, dtype=torch.int32).to(device)


@cache
def _upper(size: int, dtype: torch.dtype) -> Tensor:
    """`[size, size]`: what a query must not see is minus infinity."""
    return torch.full((size, size), -torch.inf, dtype=dtype).triu_(1)
