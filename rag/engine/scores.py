"""Log-odds already computed, bounded and safe for many threads."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from threading import Lock

KEPT = 50_000
"""Scores kept: 32 bytes of key and one float each, some 10 MB in all."""


class ScoreCache:
    """Least recently used out first. One cache may serve several models: they are part of the key."""

    def __init__(self, size: int = KEPT) -> None:
        self._size = size
        self._lock = Lock()
        self._scores: OrderedDict[bytes, float] = OrderedDict()

    def get(self, key: bytes) -> float | None:
        """The score kept under `key`."""
        with self._lock:
            if key in self._scores:
                self._scores.move_to_end(key)
            return self._scores.get(key)

    def put(self, key: bytes, score: float) -> None:
        """Keep a score."""
        with self._lock:
            self._scores[key] = score
            self._scores.move_to_end(key)
            while len(self._scores) > self._size:
                self._scores.popitem(last=False)

    def __len__(self) -> int:
        return len(self._scores)


def score_key(*parts: str) -> bytes:
    """A digest in which no two lists of parts meet: each part's length comes first."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.digest()
