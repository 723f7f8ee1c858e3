"""How much arithmetic is needed, and how fast this machine multiplies matrices."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from rag.models.engine.architecture import Architecture
from rag.models.engine.linears import Int8, int8_is_usable
from rag.models.numbers import best_cpu_seconds
from rag.models.products import Linear, Packed, Plain, can_pack

Product = Callable[[torch.Tensor], object]

ROWS = 370
"""Rows of the ceiling: about one prompt, where the curve is flat."""


def needed_flops(shape: Architecture, lengths: Sequence[int]) -> float:
    """Without any sharing: every token through every matrix, and the attention a causal model really sees.

    The vocabulary's matrix is not counted: two of its rows are needed.
    """
    tokens = sum(lengths)
    seen = sum(length * (length + 1) / 2 for length in lengths)
    return 2.0 * shape.parameters * tokens + 4.0 * shape.heads * shape.head_dim * shape.layers * seen


def ceilings(seconds: float, device: str = "cpu") -> dict[str, float]:
    """GFLOP/s of the layers' products in the mix of one layer; per core-second on a CPU, per second on a GPU.

    `fp32` is torch's own product, the ceiling everything is compared with; `fp32 packed` is the same arithmetic with
    weights laid out by oneDNN, and shows what is left on the table.
    """
    torch.manual_seed(0)
    shapes = ((4096, 1024), (1024, 2048), (6144, 1024), (1024, 3072))
    weights = [torch.randn(rows, columns) * 0.02 for rows, columns in shapes]
    inputs = [torch.randn(ROWS, columns) for _, columns in shapes]
    work = sum(2 * ROWS * rows * columns for rows, columns in shapes) / 1e9
    if device == "cuda":
        return {"bf16": _cuda_gflops()}
    products: dict[str, list[Product]] = {
        "fp32": [_linear(Plain(w)) for w in weights],
        "bf16": [_linear(Plain(w.bfloat16())) for w in weights],
    }
    if can_pack(torch.float32):
        products["fp32 packed"] = [_linear(Packed(w)) for w in weights]
    if can_pack(torch.bfloat16):
        products["bf16 packed"] = [_linear(Packed(w.bfloat16())) for w in weights]
    if int8_is_usable():
        products["int8 packed, rows quantised on the fly"] = [_linear(Int8(w)) for w in weights]
        products["int8 product alone"] = [_integer_product(w) for w in weights]

    def mix(calls: list[Product]) -> Callable[[], object]:
        return lambda: [product(x) for product, x in zip(calls, inputs, strict=True)]

    with torch.inference_mode():
        return {name: work / best_cpu_seconds(mix(calls), seconds) for name, calls in products.items()}


def _linear(product: Linear) -> Product:
    return lambda x: product(x, None)


def _integer_product(weight: torch.Tensor) -> Product:
    """Eight-bit matrices in, 32-bit integers out; the rows' own quantisation is not timed."""
    right = (weight * 100).to(torch.int8).t().contiguous()
    left: dict[int, torch.Tensor] = {}

    def product(x: torch.Tensor) -> object:
        if len(x) not in left:
            left[len(x)] = (x * 30).to(torch.int8)
        return torch._int_mm(left[len(x)], right)

    return product


def _cuda_gflops() -> float:
    """bf16 at a size that fills the device, best of several, by the device's own clock."""
    side = 8192
    left = torch.randn(side, side, device="cuda", dtype=torch.bfloat16)
    right = torch.randn(side, side, device="cuda", dtype=torch.bfloat16)
    best = float("inf")
    for _ in range(30):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
        start.record()
        torch.mm(left, right)
        end.record()
        torch.cuda.synchronize()
        best = min(best, start.elapsed_time(end))
    return 2 * side**3 / best / 1e6
