"""The contents of documents, read from the index once for each revision and remembered."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

from rag.documents.contents.summary import contents_of
from rag.events import Cancel
from rag.types import Document, StoredChunk
from rag.types.contents import DocumentContents, KnowledgeProfile

from .counting import profile_of

MOST_READ = 3000
"""Documents of a knowledge base whose contents are looked at."""
MOST_CHUNKS = 60_000
"""Chunks of a knowledge base that are read for it."""
REMEMBERED = 6000
"""Documents whose contents are remembered."""

Key = tuple[str, str, str, float]


class ContentsShelf:
    """Remembers the contents of documents, those used last. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: OrderedDict[Key, DocumentContents] = OrderedDict()

    def profile(
        self,
        base: str,
        documents: Sequence[Document],
        chunks: Callable[[str], Sequence[StoredChunk]],
        *,
        cancel: Cancel,
    ) -> KnowledgeProfile:
        """The profile of a knowledge base; `chunks` reads a document of it. Cancelled, it tells of what was read."""
        contents: dict[str, DocumentContents] = {}
        left = MOST_CHUNKS
        for document in documents[:MOST_READ]:
            left -= document.chunks
            if left < 0 or cancel:
                break
            contents[document.name] = self._contents(base, document, chunks)
        return profile_of(documents, contents)

    def _contents(
        self, base: str, document: Document, chunks: Callable[[str], Sequence[StoredChunk]]
    ) -> DocumentContents:
        key = base, document.name, document.sha256, document.ingested_at
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        found = contents_of(document.name, [stored.chunk for stored in chunks(document.name)])
        with self._lock:
            self._held[key] = found
            while len(self._held) > REMEMBERED:
                self._held.popitem(last=False)
        return found
