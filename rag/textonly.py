"""An index another model has made, searched by what no model has made: its full text."""

from __future__ import annotations

from collections.abc import Sequence

from .errors import IndexMismatch
from .messages import Reason
from .protocols import Searchable
from .types import Document, Hit, Vectors


class TextOnly:
    """A `Searchable` whose dense search says why it cannot be had: vectors of two models do not compare."""

    def __init__(self, store: Searchable, why: Reason) -> None:
        self._store = store
        self._why = why

    def full_text_missing(self) -> Reason | None:
        return self._store.full_text_missing()

    def search_dense(self, vector: Vectors, *, limit: int, documents: Sequence[str] = ()) -> list[Hit]:
        """Raises IndexMismatch, always."""
        raise IndexMismatch(self._why)

    def search_full_text(self, query: str, *, limit: int, documents: Sequence[str] = ()) -> list[Hit]:
        return self._store.search_full_text(query, limit=limit, documents=documents)

    def documents(self) -> list[Document]:
        return self._store.documents()
