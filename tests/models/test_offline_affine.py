"""One layer's product: its bias and GELU in one pass, and the number type it is computed in."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from rag.models.numbers import NumberType
from rag.models.offline.affine import TYPES, Affine, fast_type
from rag.models.products import can_pack

CLOSE = {NumberType.FP32: 1e-4, NumberType.BF16: 0.1}


def numbers(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.mark.parametrize("gelu", [True, False], ids=["with GELU", "without"])
@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("packs", [True, False], ids=["packed", "plain"])
def test_it_is_the_product_with_its_bias(kind: NumberType, gelu: bool, packs: bool) -> None:
    weight, bias, rows = numbers(64, 32), numbers(64), numbers(5, 32)
    affine = Affine.of(weight, bias, kind, gelu=gelu)
    if packs and not can_pack(TYPES[kind]):
        pytest.skip("this processor has no such kernel")
    if not packs:
        affine = Affine(weight.to(TYPES[kind]), bias.to(TYPES[kind]), gelu, packed=False)
    expected = functional.linear(rows, weight, bias)
    expected = functional.gelu(expected) if gelu else expected
    found = affine(rows)
    assert found.dtype is TYPES[kind]
    torch.testing.assert_close(found.float(), expected, atol=CLOSE[kind], rtol=CLOSE[kind])


def test_the_fast_type_is_one_of_those_there_are() -> None:
    assert fast_type() in TYPES and fast_type() is fast_type()
