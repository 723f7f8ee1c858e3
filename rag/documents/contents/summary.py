"""A document in short: headings, heads of tables, where its links lead, and prints of its passages. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import islice

from rag.text.markdown_spans import SpanKind, is_relative, pieces
from rag.types import Chunk
from rag.types.contents import DocumentContents, TableSketch

from .tables import tables_of

MOST_HEADINGS = 200
MOST_TABLES = 100
MOST_LINKS = 300
MOST_PRINTS = 1000
"""Passages of a document that are compared with those of others."""
SHORTEST = 80
"""Characters of a passage that is compared: shorter ones are alike by chance."""


def contents_of(document: str, chunks: Sequence[Chunk]) -> DocumentContents:
    """What `chunks`, those of one document in order, hold."""
    sketches = (TableSketch(document, t.heading_path, t.columns, len(t.rows)) for t in tables_of(chunks))
    headings = dict.fromkeys(heading for chunk in chunks for heading in chunk.heading_path)
    long = (chunk.text for chunk in chunks if len(chunk.text) >= SHORTEST)
    return DocumentContents(
        tuple(islice(headings, MOST_HEADINGS)),
        tuple(islice(sketches, MOST_TABLES)),
        tuple(islice(dict.fromkeys(_targets(chunks)), MOST_LINKS)),
        frozenset(_print(text) for text in islice(long, MOST_PRINTS)),
    )


def _targets(chunks: Sequence[Chunk]) -> Iterator[str]:
    for chunk in chunks:
        if "](" not in chunk.text:
            continue
        for piece in pieces(chunk.text):
            if piece.kind is SpanKind.LINK_END and is_relative(piece.target):
                yield piece.target


def _print(text: str) -> int:
    folded = " ".join(text.split()).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(folded, digest_size=8).digest(), "big")
