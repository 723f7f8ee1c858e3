"""What was read of the documents, read again only when they may have changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from cachetools import LRUCache

from rag.accounts.actor import Actor
from rag.errors import KeepingError, RagError
from rag.service import Service

T = TypeVar("T")


class ByEdition(Generic[T]):
    """Values by key, those used last, shared by all visitors. Safe for many threads."""

    def __init__(self, service: Service, *, most: int) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._known: LRUCache[Hashable, tuple[str, T]] = LRUCache(most)
        """Key -> the edition of the data it was read in, and its value."""

    def of(self, actor: Actor, key: Hashable, read: Callable[[], T]) -> T | None:
        """The value of `key`, from `read` where it is not known of this edition; None while it cannot be read."""
        edition = self._edition(actor)
        with self._lock:
            known = self._known.get(key)
        if known is not None and edition and edition == known[0]:
            return known[1]
        try:
            found = read()
        except RagError:
            return None
        with self._lock:
            self._known[key] = (edition, found)
        return found

    def _edition(self, actor: Actor) -> str:
        """The edition of the data; "" while it cannot be read, so that nothing is taken as current."""
        try:
            return self._service.edition(actor)
        except KeepingError:
            return ""
