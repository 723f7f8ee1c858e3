"""Counts of the documents in a scope, taken again only when documents may have changed.

The chip over the composer is drawn with every click and for every visitor; all of them share these numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.accounts.actor import Actor
from rag.service import Service
from rag.types import Document, Narrowing, within

from .by_edition import ByEdition

MOST_COUNTS = 512
"""Most counts kept at once: of whole knowledge bases, and of the parts visitors narrowed their questions to."""


@dataclass(frozen=True, slots=True)
class DocumentCount:
    """Number of documents of one knowledge base: all of them, and those a question searches."""

    total: int
    searched: int


def counted(documents: Sequence[Document], part: Narrowing) -> DocumentCount:
    """Count `documents`, and those of them that a question to that part of a knowledge base searches."""
    return DocumentCount(len(documents), len(searched(documents, part)))


def searched(documents: Sequence[Document], part: Narrowing) -> list[Document]:
    """Those of `documents` that a question to that part of a knowledge base searches."""
    tags = set(part.tags)
    return [d for d in documents if d.enabled and within(d.name, part.documents) and (not tags or tags & {*d.tags})]


class DocumentCounts:
    """Document counts by part of a knowledge base, shared by all visitors. Safe for many threads."""

    def __init__(self, service: Service, *, most: int = MOST_COUNTS) -> None:
        self._service = service
        self._known: ByEdition[DocumentCount] = ByEdition(service, most=most)

    def of(self, actor: Actor, part: Narrowing) -> DocumentCount | None:
        """Count of a part of a knowledge base; None while the database does not answer."""
        return self._known.of(
            actor, part, lambda: counted(self._service.documents.all(actor, base=part.collection), part)
        )
