"""The values used last, in front of what takes long to compute."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Generic, TypeVar

from cachetools import LRUCache

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """So many of them, the least recently used out first. Safe for many threads."""

    def __init__(self, size: int, *, size_of: Callable[[V], int] = lambda value: 1) -> None:
        """`size` is what the values may have in all by `size_of`; by default, how many there may be."""
        self._lock = Lock()
        self._kept: LRUCache[K, V] = LRUCache(size, size_of)

    def get(self, key: K) -> V | None:
        """The value kept under `key`."""
        with self._lock:
            return self._kept.get(key)

    def put(self, key: K, value: V) -> None:
        """Keep a value, unless it is too large to be kept."""
        with self._lock, suppress(ValueError):
            self._kept[key] = value

    def __len__(self) -> int:
        return len(self._kept)
