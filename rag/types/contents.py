"""What documents hold besides words: headings, tables, links; and a knowledge base told by them."""

from __future__ import annotations

from dataclasses import dataclass

Counts = tuple[tuple[str, int], ...]
"""Values with how many documents have each, the most frequent first."""


@dataclass(frozen=True, slots=True)
class TableSketch:
    """A table without its cells."""

    document: str
    heading_path: tuple[str, ...]
    columns: tuple[str, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class DocumentContents:
    """What one revision of a document holds."""

    headings: tuple[str, ...] = ()
    tables: tuple[TableSketch, ...] = ()
    links: tuple[str, ...] = ()
    """Targets within a folder of documents, as they are written."""
    prints: frozenset[int] = frozenset()
    """Numbers that equal passages have in common, and others hardly ever."""


@dataclass(frozen=True, slots=True)
class AlikeDocuments:
    """Two documents that say nearly the same, or are versions of one."""

    first: str
    second: str
    shared: float
    """Share of the shorter one's passages that stand in the other, letter by letter."""
    versions: bool
    """True if their names say so."""


@dataclass(frozen=True, slots=True)
class KnowledgeProfile:
    """What a knowledge base is made of, counted, not guessed."""

    documents: int
    read: int
    """Documents whose contents were looked at; the rest is known by what the registry says."""
    chunks: int
    tokens: int
    kinds: Counts
    languages: Counts
    folders: Counts
    tags: Counts
    fields: Counts
    """Keys of front matter besides title, tags and date."""
    dated: int
    dates: tuple[str, str]
    """The earliest and the latest; "" where no document has one."""
    headings: int
    common_headings: Counts
    """Headings that several documents have."""
    tables: int
    documents_with_tables: int
    sketches: tuple[TableSketch, ...]
    """The largest tables."""
    links: int
    """Links from one document to another, each pair counted once."""
    dangling: int
    """Links to documents that are not there."""
    linked: Counts
    """Documents by how many others link to them."""
    alike: tuple[AlikeDocuments, ...]
