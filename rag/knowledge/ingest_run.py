"""What one run of `Ingest` knows so far: documents, files taken, vectors for texts that come again."""

from __future__ import annotations

from dataclasses import dataclass, field

from cachetools import LRUCache

from rag.events import IngestEvent
from rag.messages import Reason
from rag.types import Document, Vectors

REMEMBERED = 16_384
"""Vectors of one run kept for texts that come again: 64 MB at 1024 dimensions."""


@dataclass(slots=True)
class IngestRun:
    """The store's documents as they become, vectors, and a reason to stop."""

    documents: dict[str, Document]
    done: dict[str, str] = field(default_factory=dict)
    """Name -> sha256 of each file this run has taken or found in place."""
    vectors: LRUCache[str, Vectors] = field(default_factory=lambda: LRUCache(REMEMBERED))
    """Embedded text's sha256 -> `[dim]`."""
    hopeless: Reason | None = None
    written: bool = False
    seen: set[str] = field(default_factory=set)
    """Names of all sources so far, whatever their outcome."""
    twins: dict[str, str] = field(default_factory=dict)
    """sha256 -> name of a document with that content."""
    copies: list[IngestEvent] = field(default_factory=list)
    """Last events of files that were added beside a document with the same content."""

    def __post_init__(self) -> None:
        self.twins = {document.sha256: name for name, document in self.documents.items()}

    def twin(self, name: str, sha256: str) -> str:
        """Return the name of another document with that content, "" for none."""
        found = self.documents.get(self.twins.get(sha256, ""))
        return found.name if found and found.sha256 == sha256 and found.name != name else ""
