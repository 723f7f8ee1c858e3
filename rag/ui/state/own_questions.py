"""Questions to begin with, of the documents in the scope."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from rag.accounts.actor import Actor
from rag.evidence.own_questions import of_document, spread
from rag.messages import Language
from rag.service import Service
from rag.types import Chunk, Narrowing

from .by_edition import ByEdition
from .document_counts import searched

OFFERED = 4
MOST_READ = 12
"""Documents of a knowledge base that are read for them."""
MOST_KNOWN = 128


class OwnQuestions:
    """Reads the headings of a few documents of each knowledge base. Safe for many threads."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._known: ByEdition[tuple[str, ...]] = ByEdition(service, most=MOST_KNOWN)

    def of(self, actor: Actor, parts: Sequence[Narrowing], language: Language) -> tuple[str, ...]:
        """Up to four questions, each of another document; none while the database does not answer."""
        key = (*parts, language)
        found = self._known.of(actor, key, lambda: tuple(self._read(actor, parts, language)))
        return (found or ())[:OFFERED]

    def _read(self, actor: Actor, parts: Sequence[Narrowing], language: Language) -> list[str]:
        found: dict[str, None] = {}
        for part in parts:
            for question in self._asked_of(actor, part, language):
                found[question] = None
                if len(found) >= OFFERED:
                    return list(found)
        return list(found)

    def _asked_of(self, actor: Actor, part: Narrowing, language: Language) -> Iterator[str]:
        documents = searched(self._service.documents.all(actor, base=part.collection), part)
        for document in spread(documents, language)[:MOST_READ]:
            if question := of_document(document.title, partial(self._chunks, actor, document.name, part.collection)):
                yield question

    def _chunks(self, actor: Actor, name: str, base: str) -> list[Chunk]:
        return [stored.chunk for stored in self._service.documents.chunks(actor, name, base=base)]
