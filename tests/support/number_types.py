"""The rougher number types that tests run models in."""

from __future__ import annotations

import pytest

from rag.models.engine.linears import int8_is_usable
from rag.models.numbers import NumberType

EXACT_INT8 = pytest.mark.skipif(not int8_is_usable(), reason="eight-bit products overflow on this processor")
ROUGHER = [pytest.param(NumberType.BF16, 0.999), pytest.param(NumberType.INT8, 0.99, marks=EXACT_INT8)]
"""Each with the least cosine to the rows of fp32."""
