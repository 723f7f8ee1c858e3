"""Number types of the large matrix products, and which of them is fastest on this machine.

Everything else (norms, residual stream, scores) is always fp32.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial

import torch
from torch import Tensor

PROBE_ROWS = 256
"""Rows of the timed product: CPUs reach their full speed from about here on."""
PROBE_SHAPE = (2048, 1024)
"""`[out, in]` of the timed product, half of a Qwen3-0.6B linear."""
PROBE_SECONDS = 0.15
FASTER = 1.15
"""A number type must be this much faster than the more exact one before it is worth its rounding."""


class NumberType(StrEnum):
    """Rounding of weights and activations in a matrix product. fp32 is the reference."""

    FP32 = "fp32"
    BF16 = "bf16"
    INT8 = "int8"


def probe(products: Mapping[NumberType, Callable[[Tensor, None], object]]) -> dict[NumberType, float]:
    """GFLOP/s per core-second of each product, called with `[PROBE_ROWS, in]` fp32 rows and no scale.

    Timed in process CPU time, so that other load on the machine does not decide; the best of several short runs.
    """
    rows = torch.randn(PROBE_ROWS, PROBE_SHAPE[1], generator=torch.Generator().manual_seed(0))
    work = 2 * PROBE_ROWS * PROBE_SHAPE[0] * PROBE_SHAPE[1] / 1e9
    return {kind: work / best_cpu_seconds(partial(call, rows, None), PROBE_SECONDS) for kind, call in products.items()}


def best_cpu_seconds(call: Callable[[], object], seconds: float) -> float:
    """Least CPU time of one call, calling for about `seconds` after a first call that is not counted."""
    call()
    best, until = float("inf"), time.process_time() + seconds
    while time.process_time() < until:
        start = time.process_time()
        call()
        best = min(best, time.process_time() - start)
    return best


def fastest(speeds: Mapping[NumberType, float], allowed: tuple[NumberType, ...]) -> NumberType:
    """The fastest allowed type; the more exact one unless a rougher one is clearly faster."""
    choice = NumberType.FP32
    for kind in (NumberType.BF16, NumberType.INT8):
        if kind in allowed and speeds.get(kind, 0.0) > FASTER * speeds[choice]:
            choice = kind
    return choice
