"""One matrix product in fp32 or bf16, by torch or with weights laid out for the processor.

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
