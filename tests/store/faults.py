"""Something that happens in the middle of a change, just before its n-th write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rag.store import Connection, MilvusStore

from .corpus import FINGERPRINT, GRAPH


class Faulty:
    """A connection before whose n-th write something happens."""

    def __init__(self, connection: Connection, writes: int, happen: Callable[[], object]) -> None:
        self._connection = connection
        self._left = writes
        self._happen = happen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def call(self, method: str, *args: Any, **options: Any) -> Any:
        if method in ("upsert", "delete"):
            self._left -= 1
            if self._left == 0:
                self._happen()
        return self._connection.call(method, *args, **options)


def faulty(connection: Connection, collection: str, *, writes: int, happen: Callable[[], object]) -> MilvusStore:
    """A store that does all its work on `connection`, and before its n-th write something happens."""
    with_fault: Any = Faulty(connection, writes, happen)
    return MilvusStore(
        with_fault,
        collection,
        dimension=FINGERPRINT.dimension,
        search=GRAPH,
        full_text_missing=None,
    )
