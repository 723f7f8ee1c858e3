"""What a browser remembers and sends as retrieval settings, made safe: everything is clamped here, on the server."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from rag.types import Mode, Retrieval, RetrievalOptions

MAX_CANDIDATES = 100
MAX_CONTEXTS = 20
MAX_INSTRUCTION = 500
"""Characters. The reranker's prompt holds it once per candidate."""

BALANCE_STEP = 0.05
"""Of the slider: from 0, full text alone decides, to 1, dense search alone; in the middle both count the same."""

NAMES = ("mode", "candidates", "contexts", "threshold", "instruction", "rerank", "balance")
"""The order in which the page's settings travel."""


def clamped(values: Mapping[str, Any], defaults: RetrievalOptions) -> RetrievalOptions:
    """Options from whatever a browser sent; what is missing or no such value falls back to the default."""
    contexts = _whole(values.get("contexts"), defaults.contexts, 1, MAX_CONTEXTS)
    dense, full_text = _weights(values.get("balance"), defaults)
    return RetrievalOptions(
        mode=Mode(values["mode"]) if values.get("mode") in tuple(Mode) else defaults.mode,
        candidates=max(contexts, _whole(values.get("candidates"), defaults.candidates, 1, MAX_CANDIDATES)),
        contexts=contexts,
        threshold=_number(values.get("threshold"), defaults.threshold, 0.0, 1.0),
        instruction=_instruction(values.get("instruction"), defaults.instruction),
        rerank=_switch(values.get("rerank"), defaults.rerank),
        dense_weight=dense,
        full_text_weight=full_text,
    )


def what_if(values: Mapping[str, Any], retrieval: Retrieval) -> RetrievalOptions:
    """The options of an earlier retrieval, changed by what a browser sent; what was not found then cannot be pinned."""
    then = retrieval.options
    dense, full_text = _weights(values.get("balance"), then)
    known = {c.stored.id for c in retrieval.candidates}
    return replace(
        then,
        contexts=_whole(values.get("contexts"), then.contexts, 1, MAX_CONTEXTS),
        candidates=_whole(values.get("candidates"), then.candidates, 1, MAX_CANDIDATES),
        threshold=_number(values.get("threshold"), then.threshold, 0.0, 1.0),
        rerank=_switch(values.get("rerank"), then.rerank),
        dense_weight=dense,
        full_text_weight=full_text,
        pinned=tuple(_ids(values.get("pinned"), then.pinned, known))[:MAX_CONTEXTS],
        banned=tuple(_ids(values.get("banned"), then.banned, known)),
    )


def balance_of(options: RetrievalOptions) -> float:
    """Where the slider between full text (0) and dense search (1) stands."""
    both = options.dense_weight + options.full_text_weight
    return options.dense_weight / both if both else 0.5


def packed(options: RetrievalOptions) -> dict[str, Any]:
    """The inverse: plain values, in the order of `NAMES`."""
    made: dict[str, Any] = {"mode": str(options.mode), "balance": balance_of(options)}
    return {name: made[name] if name in made else getattr(options, name) for name in NAMES}


def _weights(balance: Any, defaults: RetrievalOptions) -> tuple[float, float]:
    """Weights of dense and full-text search; those of `defaults` where the slider was not moved from them."""
    then = balance_of(defaults)
    asked = _number(balance, then, 0.0, 1.0)
    if abs(asked - then) <= BALANCE_STEP / 2:  # a slider knows only its steps
        return defaults.dense_weight, defaults.full_text_weight
    return 2 * asked, 2 * (1 - asked)


def _ids(value: Any, default: tuple[str, ...], known: set[str]) -> Iterator[str]:
    sent = value if isinstance(value, list) else default
    return (one for one in dict.fromkeys(x for x in sent if isinstance(x, str)) if one in known)


def _switch(value: Any, default: bool) -> bool:
    return value if isinstance(value, bool) else default


def _number(value: Any, default: float, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return default
    return min(high, max(low, float(value)))


def _whole(value: Any, default: int, low: int, high: int) -> int:
    return round(_number(value, float(default), float(low), float(high)))


def _instruction(value: Any, default: str) -> str:
    text = value.strip()[:MAX_INSTRUCTION] if isinstance(value, str) else ""
    return text or default
