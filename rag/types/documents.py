"""Documents, their chunks, and what an index holds of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.messages import Reason
from rag.text.reading import ReadingText, reading

Vectors = NDArray[np.float32]
"""float32 `[n, dim]`, rows of length 1."""


Fields = tuple[tuple[str, tuple[str, ...]], ...]
"""Keys of front matter, in small letters, with their values."""

HEADING_SEPARATOR = " › "


class PassagePart(str):
    """A text that stands in a passage, such as a quote with its heading; `passage` is that passage's embedded text.

    Only what is kept of it asks where it is from: it leaves with the passage.
    """

    __slots__ = ("passage",)
    passage: str

    @classmethod
    def of(cls, text: str, passage: str) -> PassagePart:
        """The part `text` of a passage."""
        part = cls(text)
        part.passage = passage
        return part


@dataclass(frozen=True, slots=True)
class Document:
    """One ingested file as the registry knows it. `name` is path-like and unique in its collection."""

    name: str
    sha256: str
    title: str
    language: str
    """ISO 639-1 code of the main language, or "und"."""
    size: int
    """Bytes of the file."""
    chunks: int
    tokens: int
    """Tokens of all chunks, counted by the embedding model's tokenizer."""
    ingested_at: float
    """Seconds since the epoch, UTC."""
    tags: tuple[str, ...] = ()
    """Tags of the front matter, to filter by."""
    date: str = ""
    """Date of the front matter, as ISO 8601; "" where there is none."""
    fields: Fields | None = None
    """What else the front matter says; None where it was not read for that."""
    kind: str = "markdown"
    """Format of the file before it became Markdown: markdown, text, html, pdf, docx, pptx, csv."""
    enabled: bool = True
    """True if searches look into it."""
    revision: int = 1
    """Number that goes up whenever other content takes the place of the old."""
    error: Reason | None = None
    """Reason why the last attempt to ingest it anew failed; the revision before is still there."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document: `text == document_text[start:end]`, offsets in characters."""

    index: int
    start: int
    end: int
    heading_path: tuple[str, ...]
    text: str
    tokens: int
    lead: str = ""
    """Lines of the document that open what this piece stands in, such as the head of a table that was cut."""

    @property
    def reading(self) -> ReadingText:
        """The text as a reader reads it, mapped to `text`."""
        return reading(self.text, self.lead)

    @property
    def whole_text(self) -> str:
        """All that stands there: heading path, then the text as it is typed."""
        path = HEADING_SEPARATOR.join(self.heading_path)
        return f"{path}\n{self.text}" if path else self.text

    @property
    def embedded_text(self) -> str:
        """Text embedded, reranked and searched for words: heading path, then the text as a reader reads it."""
        path, read = HEADING_SEPARATOR.join(self.heading_path), self.reading.text
        text = read if read.strip() else self.text
        return f"{path}\n{text}" if path else text


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk as the store returns it, with the document it belongs to."""

    id: str
    document: str
    sha256: str
    """Hash of the document's bytes: the revision the chunk belongs to."""
    language: str
    chunk: Chunk
    collection: str = ""
    """Id of the knowledge base it was found in."""
    base_name: str = ""
    """Name of that knowledge base at the time, where several were searched; "" where it need not be said."""


@dataclass(frozen=True, slots=True)
class PlacedDocument:
    """A document that a question may look into, and the knowledge base it is in."""

    document: Document
    collection: str = ""
    base_name: str = ""
    """"" where it need not be said."""


@dataclass(frozen=True, slots=True)
class IndexedDocument:
    """A document with everything an index holds of it: enough to put it into another one without a model."""

    document: Document
    chunks: tuple[Chunk, ...]
    vectors: Vectors
    """`[len(chunks), dim]`, in the order of `chunks`."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Model, chunker and schema an index was made with. Two indexes are comparable only when all of it is equal."""

    model: str
    revision: str
    dimension: int
    chunker: str
    schema: str

    @property
    def vectors(self) -> tuple[str, str, int]:
        """Model, revision and dimension, which vectors must have in common to be compared."""
        return self.model, self.revision, self.dimension


@dataclass(frozen=True)
class Source:
    """A file offered for ingestion: `name` is path-like, `origin` the zip it came from or ""."""

    name: str
    data: bytes
    origin: str = ""
    again: bool = False
    """True for the file of a document that is there, to be read, cut and embedded once more."""
    sent: bool = field(default=False, compare=False)
    """True for a file that came without the folder it lies in: one of its name may be another document."""
    kept: Path | None = field(default=None, compare=False)
    """A file that holds the same bytes and is never written to."""

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the bytes, which are hashed once, however many ask."""
        return hashlib.sha256(self.data).hexdigest()
