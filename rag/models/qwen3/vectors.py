"""The common base of all ways to run Qwen3-Embedding: everything but the matrix products and what goes into one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from rag.status import ModelInfo
from rag.types import Vectors

from ..vectors import chosen_dimension, gathered, positions_of, spread
from .prompts import EmbeddingTokens


class Batching(Protocol):
    """The way in which texts are computed together."""

    def run(
        self, lengths: Sequence[int], compute: Callable[[list[int]], Vectors]
    ) -> Iterator[tuple[Sequence[int], Vectors]]:
        """(positions, result) of each batch, every position once; what does not fit into memory is tried in parts.

        `lengths` are in tokens. Raises ModelsError when a single text does not fit.
        """


class Qwen3Vectors(ABC):
    """Texts to unit vectors, once `_run` makes them."""

    def __init__(
        self, tokens: EmbeddingTokens, info: ModelInfo, *, dimension: int, largest: int, batching: Batching
    ) -> None:
        """`dimension` 0 is the model's own, its `largest`. Raises ModelRejected when the model has none such."""
        self._tokens = tokens
        self._info = info
        self._batching = batching
        self._dimension = chosen_dimension(dimension, largest=largest, model=info.name)

    @property
    def info(self) -> ModelInfo:
        return self._info

    @property
    def dimension(self) -> int:
        return self._dimension

    @property
    def max_tokens(self) -> int:
        """Longest text embedded whole, in tokens, the closing one included."""
        return self._tokens.limit

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        return gathered(self._streamed(texts, urgent=True), rows=len(texts), dimension=self._dimension)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._tokens.counts(texts)

    def stream_documents(self, texts: Sequence[str]) -> Iterator[tuple[list[int], Vectors]]:
        """As the protocol says, batch by batch; identical texts are embedded once."""
        return self._streamed(texts, urgent=False)

    def _streamed(self, texts: Sequence[str], *, urgent: bool) -> Iterator[tuple[list[int], Vectors]]:
        places = positions_of(texts)
        rows, where = self._tokens.ids(list(places)), list(places.values())

        def run(batch: list[int]) -> Vectors:
            return self._run([rows[i] for i in batch], urgent=urgent)

        done = self._batching.run([len(row) for row in rows], run)
        for batch, vectors in done:
            yield spread(vectors, [where[i] for i in batch])

    @abstractmethod
    def _run(self, rows: Sequence[Sequence[int]], *, urgent: bool = False) -> Vectors:
        """The vectors of documents, given as ids; `urgent` goes before all that is not."""
