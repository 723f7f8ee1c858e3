"""List of the files each browser has uploaded."""

from __future__ import annotations

import json
from collections.abc import Iterable

from cachetools import LRUCache

from rag.accounts.browser import sealed

MOST_UPLOADS = 100_000
"""Most uploads that are remembered; the oldest are forgotten first. As many as may be accepted at once."""


class UploadedPaths:
    """Paths of uploaded files with the secret of their browser. Lives as long as Gradio's own list of them."""

    def __init__(self, most: int = MOST_UPLOADS) -> None:
        self._given: LRUCache[tuple[str, str], None] = LRUCache(most)

    def give(self, secret: str, paths: Iterable[str]) -> None:
        """Note files as uploaded by the browser with this secret."""
        owner = sealed(secret, "uploads")
        for path in paths:
            self._given[owner, path] = None

    def has(self, secret: str, path: object) -> bool:
        """True if that browser uploaded the file."""
        return isinstance(path, str) and (sealed(secret, "uploads"), path) in self._given


def paths_in(reply: bytes) -> list[str]:
    """The paths in the reply to an upload; none for a refusal."""
    try:
        paths = json.loads(reply)
    except ValueError:
        return []
    return [path for path in paths if isinstance(path, str)] if isinstance(paths, list) else []
