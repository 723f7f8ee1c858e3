"""One matrix product in fp32, bf16 or int8, behind one signature.

A linear takes rows and their scale `[n, 1]` and returns rows and their scale: the true value is always `rows * scale`.
So the division of an RMS norm and the scale of eight-bit rows travel beside the numbers and are multiplied in once,
where it is cheapest, instead of in a pass of their own.
"""

from __future__ import annotations

from functools import cache
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from .numbers import best_cpu_seconds
from .rotation import hadamard

ZERO_POINT = 128
"""Eight-bit rows are unsigned: signed ones fall to an unoptimised kernel of oneDNN on some processors."""
LARGEST = 127.0
TINY = 1e-30
SLOWEST = 20
"""Times the fp32 product from which an eight-bit one is taken for a fallback kernel."""
PACK_ROWS = 512
"""Rows that oneDNN is told to expect when it lays out weights."""


class Linear(Protocol):
    """`y * scale_out = (x * scale) @ weight.T`."""

    def __call__(self, x: Tensor, scale: Tensor | None) -> tuple[Tensor, Tensor | None]: ...


class Plain:
    """fp32 or bf16 by torch's own product, on any device. Returns fp32 rows on CPU, the weight's type elsewhere."""

    def __init__(self, weight: Tensor) -> None:
        self.weight = weight

    def __call__(self, x: Tensor, scale: Tensor | None) -> tuple[Tensor, Tensor | None]:
        return functional.linear(x.to(self.weight.dtype), self.weight), scale


class Packed:
    """fp32 or bf16 on CPU, weights laid out once for oneDNN: up to 1.3 times torch's own fp32 product."""

    def __init__(self, weight: Tensor) -> None:
        self.dtype = weight.dtype
        self.weight = torch.ops.mkldnn._reorder_linear_weight(weight, PACK_ROWS)

    def __call__(self, x: Tensor, scale: Tensor | None) -> tuple[Tensor, Tensor | None]:
        y = torch.ops.mkldnn._linear_pointwise(x.to(self.dtype), self.weight, None, "none", [], "")
        return y.float(), scale


class Int8:
    """Eight-bit weights (one scale per output) times eight-bit rows (one scale per row), summed exactly.

    `block` rotates the input on the fly by a Hadamard matrix of that width; 0 where the weights before did it.
    """

    def __init__(self, weight: Tensor, *, block: int = 0) -> None:
        scales = weight.abs().amax(1).clamp_(min=TINY) / LARGEST
        codes = (weight / scales[:, None]).round_().to(torch.int8)
        self._weight = torch.ops.onednn.qlinear_prepack(codes, [PACK_ROWS, weight.shape[1]])
        self._scales = scales
        self._zeros = torch.zeros(len(scales), dtype=torch.int64)
        self._turn = OnlineRotation(block) if block else None

    def __call__(self, x: Tensor, scale: Tensor | None) -> tuple[Tensor, Tensor | None]:
        if self._turn is not None:
            x = self._turn(x)
        codes, step = quantised(x)
        y = torch.ops.onednn.qlinear_pointwise(
            codes, 1.0, ZERO_POINT, self._weight, self._scales, self._zeros, None, 1.0, 0, torch.float32, "none", [], ""
        )
        return y, step if scale is None else step.mul_(scale)


class OnlineRotation:
    """Rotates rows in blocks, in bf16 where the processor multiplies it: far finer than the eight bits that follow."""

    def __init__(self, block: int) -> None:
        self._matrix = hadamard(block).to(torch.bfloat16 if can_pack(torch.bfloat16) else torch.float32)

    def __call__(self, x: Tensor) -> Tensor:
        blocks = x.to(self._matrix.dtype).view(-1, len(self._matrix))
        return (blocks @ self._matrix).view(x.shape).float()  # rounding to codes is three times slower from bf16


def quantised(x: Tensor) -> tuple[Tensor, Tensor]:
    """Unsigned codes of each fp32 row around `ZERO_POINT`, and the step `[n, 1]` between two codes."""
    step = x.abs().amax(-1, keepdim=True).clamp_(min=TINY).div_(LARGEST)
    signed = (x * step.reciprocal()).round_().to(torch.int8)
    # Moved by the zero point as bits: torch's conversion to unsigned bytes takes nine times as long as to signed ones.
    return signed.view(torch.uint8).bitwise_xor_(ZERO_POINT), step


MISSING = (RuntimeError, AttributeError, NotImplementedError)
"""Errors that torch raises where its build or the processor has no such kernel."""


@cache
def can_pack(dtype: torch.dtype) -> bool:
    """True if oneDNN takes weights of this type here. bf16 only where the processor has instructions for it."""
    try:
        if dtype is torch.bfloat16 and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
            return False
        Packed(torch.ones(64, 64, dtype=dtype))(torch.ones(2, 64), None)
    except MISSING:
        return False
    return True


@cache
def int8_speed_is_sane() -> bool:
    """True if eight-bit products run on a fast kernel here; a wrong one is thousands of times slower."""
    rows = torch.ones(64, 256)
    try:
        product = Int8(torch.ones(256, 256))
        product(rows, None)
    except MISSING:
        return False
    reference = Plain(torch.ones(256, 256))
    seconds = best_cpu_seconds(lambda: product(rows, None), 0.01)
    return seconds < SLOWEST * best_cpu_seconds(lambda: reference(rows, None), 0.01)
