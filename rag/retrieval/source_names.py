"""Names of a passage's source: its document, after its knowledge base where several were searched. Pure."""

from __future__ import annotations

from rag.messages import FIRST, Language, Reason, label, reason, text
from rag.types import HEADING_SEPARATOR, StoredChunk


def base_called(name: str, language: Language) -> str:
    """Name of a knowledge base as an answer kept it; one that nobody named has its name in the reader's language."""
    return label("library.default_name", language) if name == label("library.default_name", FIRST) else name


def source_of(stored: StoredChunk) -> str | Reason:
    """The source as a value in a sentence. Two passages have equal ones when they are of one document."""
    if not stored.base_name:
        return stored.document
    unnamed = stored.base_name == label("library.default_name", FIRST)
    base = reason("library.default_name") if unnamed else stored.base_name
    return reason("library.source", base=base, document=stored.document)


def source(stored: StoredChunk, language: Language, *, path: bool = False) -> str:
    """The source on one line, not escaped; with `path`, its headings too."""
    found = source_of(stored)
    name = text(found, language) if isinstance(found, Reason) else found
    return HEADING_SEPARATOR.join((name, *stored.chunk.heading_path)) if path else name
