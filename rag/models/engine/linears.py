"""A matrix product in eight bits, behind the signature of those in fp32 and bf16."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from ..numbers import best_cpu_seconds
from ..products import MISSING, PACK_ROWS, Plain, can_pack
from .rotation import hadamard

ZERO_POINT = 128
"""Eight-bit rows are unsigned: signed ones fall to an unoptimised kernel of oneDNN on some processors."""
LARGEST = 127.0
TINY = 1e-30
SLOWEST = 20
"""Times the fp32 product from which an eight-bit one is taken for a fallback kernel."""


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
        blocks = x.to(self._matrix.dtype).reshape(-1, len(self._matrix))
        return (blocks @ self._matrix).view(x.shape).float()  # rounding to codes is three times slower from bf16


def quantised(x: Tensor) -> tuple[Tensor, Tensor]:
    """Unsigned codes of each fp32 row around `ZERO_POINT`, and the step `[n, 1]` between two codes."""
    step = x.abs().amax(-1, keepdim=True).clamp_(min=TINY).div_(LARGEST)
    signed = (x * step.reciprocal()).round_().to(torch.int8)
    # Moved by the zero point as bits: torch's conversion to unsigned bytes takes nine times as long as to signed ones.
    return signed.view(torch.uint8).bitwise_xor_(ZERO_POINT), step


@cache
def int8_is_usable() -> bool:
    """True if eight-bit products are exact here and run on a fast kernel.

    A wrong kernel is thousands of times slower. Processors without VNNI add pairs of products in sixteen bits, which
    the largest codes overflow.
    """
    rows = torch.ones(64, 256)
    try:
        product = Int8(torch.ones(256, 256))
        sums, step = product(rows, None)
    except MISSING:
        return False
    reference = Plain(torch.ones(256, 256))
    if step is None or not torch.allclose(sums * step, reference(rows, None)[0], rtol=0.01):
        return False
    seconds = best_cpu_seconds(lambda: product(rows, None), 0.01)
    return seconds < SLOWEST * best_cpu_seconds(lambda: reference(rows, None), 0.01)
