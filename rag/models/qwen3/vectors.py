"""The common base of all ways to run Qwen3-Embedding: everything but the matrix products."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

from rag.status import ModelInfo
from rag.types import Vectors

from ..vectors import chosen_dimension, gathered
from .prompts import EmbeddingTokens


class Qwen3Vectors(ABC):
    """Texts to unit vectors, once `stream_documents` makes them."""

    def __init__(self, tokens: EmbeddingTokens, info: ModelInfo, *, dimension: int, largest: int) -> None:
        """`dimension` 0 is the model's own, its `largest`. Raises ModelRejected when the model has none such."""
        self._tokens = tokens
        self._info = info
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
        return gathered(self.stream_documents(texts), rows=len(texts), dimension=self._dimension)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._tokens.counts(texts)

    @abstractmethod
    def stream_documents(self, texts: Sequence[str]) -> Iterator[tuple[list[int], Vectors]]:
        """As the protocol says."""
