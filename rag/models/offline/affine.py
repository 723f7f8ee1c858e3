"""One layer's product with its bias, and GELU where the layer has it, in one pass over the rows; and the number type
in which that is fastest here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial

import torch
from torch import Tensor
from torch.nn import functional

from ..numbers import NumberType, best_cpu_seconds, fastest
from ..products import PACK_ROWS, can_pack

TYPES = {NumberType.FP32: torch.float32, NumberType.BF16: torch.bfloat16}
ROWS, SHAPE = 256, (1536, 384)
"""Rows and `[out, in]` of the timed product, the widest of both packaged models."""
SECONDS = 0.02
"""CPU time of the timing, for each type: it is part of every start."""
CLOSE = 0.02
"""Largest difference of the rougher product, as a share of the exact one's length: more is a broken kernel."""


@dataclass(frozen=True, slots=True)
class Affine:
    """`x @ weight.T + bias`, then GELU if it has that. Rows come back in the number type of the weights."""

    weight: Tensor
    bias: Tensor
    gelu: bool
    packed: bool

    @classmethod
    def of(cls, weight: Tensor, bias: Tensor, kind: NumberType, *, gelu: bool = False) -> Affine:
        """In that number type, laid out for the processor where it has kernels for that."""
        own, packed = weight.to(TYPES[kind]), can_pack(TYPES[kind])
        laid_out = torch.ops.mkldnn._reorder_linear_weight(own, PACK_ROWS) if packed else own
        return cls(laid_out, bias.to(TYPES[kind]), gelu, packed)

    def __call__(self, x: Tensor) -> Tensor:
        x = x.to(self.bias.dtype)
        if self.packed:
            after, way = ("gelu", "none") if self.gelu else ("none", "")
            product: Tensor = torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, after, [], way)
            return product
        product = functional.linear(x, self.weight, self.bias)
        return functional.gelu(product) if self.gelu else product


@cache
def fast_type() -> NumberType:
    """bf16 where it is clearly faster than fp32 and gives the same numbers but for its rounding; else fp32."""
    chance = torch.Generator().manual_seed(0)
    rows, weight = torch.randn(ROWS, SHAPE[1], generator=chance), torch.randn(SHAPE, generator=chance)
    kinds = [kind for kind, own in TYPES.items() if kind is NumberType.FP32 or can_pack(own)]
    products = {kind: Affine.of(weight, torch.zeros(SHAPE[0]), kind) for kind in kinds}
    with torch.inference_mode():
        exact = products[NumberType.FP32](rows)
        close = [kind for kind in kinds if (products[kind](rows) - exact).norm() <= CLOSE * exact.norm()]
        speeds = {kind: 1 / best_cpu_seconds(partial(products[kind], rows), SECONDS) for kind in close}
    return fastest(speeds, tuple(close))
