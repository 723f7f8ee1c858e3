"""What a browser remembers and sends as retrieval settings, made safe: everything is clamped here, on the server."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..types import Mode, RetrievalOptions

MAX_CANDIDATES = 100
MAX_CONTEXTS = 20
MAX_INSTRUCTION = 500
"""Characters. The reranker's prompt holds it once per candidate."""

NAMES = ("mode", "candidates", "contexts", "threshold", "instruction", "rerank")
"""The order in which the page's settings travel."""


def clamped(values: Mapping[str, Any], defaults: RetrievalOptions) -> RetrievalOptions:
    """Options from whatever a browser sent; what is missing or no such value falls back to the default."""
    contexts = _whole(values.get("contexts"), defaults.contexts, 1, MAX_CONTEXTS)
    return RetrievalOptions(
        mode=Mode(values["mode"]) if values.get("mode") in tuple(Mode) else defaults.mode,
        candidates=max(contexts, _whole(values.get("candidates"), defaults.candidates, 1, MAX_CANDIDATES)),
        contexts=contexts,
        threshold=_number(values.get("threshold"), defaults.threshold, 0.0, 1.0),
        instruction=_instruction(values.get("instruction"), defaults.instruction),
        rerank=values["rerank"] if isinstance(values.get("rerank"), bool) else defaults.rerank,
    )


def packed(options: RetrievalOptions) -> dict[str, Any]:
    """The inverse: plain values, in the order of `NAMES`."""
    return {name: str(options.mode) if name == "mode" else getattr(options, name) for name in NAMES}


def _number(value: Any, default: float, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return default
    return min(high, max(low, float(value)))


def _whole(value: Any, default: int, low: int, high: int) -> int:
    return round(_number(value, float(default), float(low), float(high)))


def _instruction(value: Any, default: str) -> str:
    text = value.strip()[:MAX_INSTRUCTION] if isinstance(value, str) else ""
    return text or default
