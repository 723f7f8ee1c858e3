"""Counts of the documents in a scope, taken again only when documents may have changed.

The chip over the composer is drawn with every click and for every visitor; all of them share these numbers.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from cachetools import LRUCache

from rag.accounts.actor import Actor
from rag.errors import KeepingError, StoreError
from rag.service import Service
from rag.types import Document, Narrowing, within

MOST_COUNTS = 512
"""Most counts kept at once: of whole knowledge bases, and of the parts visitors narrowed their questions to."""


@dataclass(frozen=True, slots=True)
class DocumentCount:
    """Number of documents of one knowledge base: all of them, and those a question searches."""

    total: int
    searched: int


def counted(documents: Sequence[Document], part: Narrowing) -> DocumentCount:
    """Count `documents`, and those of them that a question to that part of a knowledge base searches."""
    tags = set(part.tags)
    searched = sum(
        d.enabled and within(d.name, part.documents) and (not tags or bool(tags & {*d.tags})) for d in documents
    )
    return DocumentCount(len(documents), searched)


class DocumentCounts:
    """Document counts by part of a knowledge base, shared by all visitors. Safe for many threads."""

    def __init__(self, service: Service, *, most: int = MOST_COUNTS) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._known: LRUCache[Narrowing, tuple[str, DocumentCount]] = LRUCache(most)
        """Part -> the edition it was counted in, and its count."""

    def of(self, actor: Actor, part: Narrowing) -> DocumentCount | None:
        """Count of a part of a knowledge base; None while the database does not answer."""
        edition = self._edition(actor)
        with self._lock:
            then, known = self._known.get(part, ("", None))
        if known is not None and edition and edition == then:
            return known
        try:
            found = counted(self._service.documents.all(actor, base=part.collection), part)
        except StoreError:
            return None
        with self._lock:
            self._known[part] = (edition, found)
        return found

    def _edition(self, actor: Actor) -> str:
        """The edition of the data; "" while it cannot be read, so that no count is taken as current."""
        try:
            return self._service.edition(actor)
        except KeepingError:
            return ""
