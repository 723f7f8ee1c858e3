"""Rows of vectors, as every embedder makes them: of unit length, of an allowed size, each distinct text once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from rag.errors import ModelRejected
from rag.messages import reason
from rag.types import Vectors

SMALLEST_DIMENSION = 32
"""Qwen3-Embedding was trained so that any beginning of the vector from here on is a vector too."""
UNIT = 1e-3
"""Largest difference from 1 allowed in the length of a probe's vector."""


def chosen_dimension(wanted: int, *, largest: int, model: str) -> int:
    """`wanted`, or the model's own `largest` for 0. Raises ModelRejected when the model has no such beginning."""
    if wanted and not SMALLEST_DIMENSION <= wanted <= largest:
        raise ModelRejected(
            reason("models.dimension", model=model, value=wanted, smallest=SMALLEST_DIMENSION, largest=largest)
        )
    return wanted or largest


def check_probe(vectors: Vectors, *, dimension: int, model: str) -> None:
    """Raises ModelRejected unless `vectors` is one unit vector of that size: a broken model gives other numbers."""
    length = float(np.linalg.norm(vectors))
    if vectors.shape != (1, dimension) or not abs(length - 1) < UNIT:  # a length that is no number fails, too
        raise ModelRejected(reason("models.vector", model=model, size=vectors.shape[-1], length=round(length, 3)))


def unit_rows(vectors: Vectors) -> Vectors:
    """Each row at length 1, in float32."""
    lengths: Vectors = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / lengths).astype(np.float32)


def positions_of(texts: Sequence[str]) -> dict[str, list[int]]:
    """Every distinct text with all its positions, in order of first appearance."""
    places: dict[str, list[int]] = {}
    for position, text in enumerate(texts):
        places.setdefault(text, []).append(position)
    return places


def spread(vectors: Vectors, places: Sequence[Sequence[int]]) -> tuple[list[int], Vectors]:
    """Row i for all of `places[i]`: the positions, and a row for each."""
    positions = [position for each in places for position in each]
    return positions, np.repeat(vectors, [len(each) for each in places], axis=0)


def gathered(parts: Iterable[tuple[Sequence[int], Vectors]], *, rows: int, dimension: int) -> Vectors:
    """`[rows, dimension]` from (positions, vectors) that cover every row."""
    vectors = np.empty((rows, dimension), dtype=np.float32)
    for positions, found in parts:
        vectors[positions] = found
    return vectors
