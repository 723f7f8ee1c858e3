"""The values used last, in front of what takes long to compute."""

from __future__ import annotations

from threading import Lock
from typing import Generic, TypeVar

from cachetools import LRUCache

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """So many of them, the least recently used out first. Safe for many threads."""

    def __init__(self, size: int) -> None:
        self._lock = Lock()
        self._kept: LRUCache[K, V] = LRUCache(size)

    def get(self, key: K) -> V | None:
        """The value kept under `key`."""
        with self._lock:
            return self._kept.get(key)

    def put(self, key: K, value: V) -> None:
        """Keep a value."""
        with self._lock:
            self._kept[key] = value

    def __len__(self) -> int:
        return len(self._kept)
