"""Chunks as rows of the collection, and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rag.text.language import part_language
from rag.text.terms import document_terms

from ..types import Chunk, Document, StoredChunk, Vectors
from . import limits

CHUNK_FIELDS = ("id", "document", "sha256", "language", "chunk", "start", "end", "headings", "lead", "text", "tokens")
"""Fields from which a `StoredChunk` is made."""
TEXT_HASH = "text_hash"
"""Field of `text_hash`."""
LATER_FIELDS = frozenset({"lead"})
"""Those that collections made by earlier versions lack."""


def chunk_ids(collection: str, document: Document) -> list[str]:
    """Keys of a document's chunks, in order. They follow from the revision alone, so its rows need not be searched for:
    Lite finds a row by its key at once, and looks at every row for anything else."""
    revision = "\0".join((collection, document.name, document.sha256))
    return [hashlib.sha256(f"{revision}\0{index}".encode()).hexdigest()[:40] for index in range(document.chunks)]


def revision_of(sha256: str, take: int) -> str:
    """Identifier of the rows of one revision, made of the content's sha256 and the number of the take.

    The same file can be taken again. The first take is known by its content alone, as it always was.
    """
    return sha256 if take == 0 else hashlib.sha256(f"{sha256}/{take}".encode()).hexdigest()


def text_hash(chunk: Chunk) -> str:
    """Hash of the embedded text, which tells whether a chunk must be embedded again."""
    return hashlib.sha256(chunk.embedded_text.encode()).hexdigest()


def chunk_fields(description: Mapping[str, Any]) -> tuple[str, ...]:
    """Those of `CHUNK_FIELDS` that a collection has, by Milvus's description of it."""
    there = {field["name"] for field in description["fields"]}
    return tuple(name for name in CHUNK_FIELDS if name in there or name not in LATER_FIELDS)


def rows(
    collection: str,
    document: Document,
    chunks: Sequence[Chunk],
    vectors: Vectors,
    *,
    fields: Sequence[str] = CHUNK_FIELDS,
) -> Iterator[dict[str, Any]]:
    """One row for each chunk, in order, with those of `CHUNK_FIELDS` that the collection has."""
    lacking = set(CHUNK_FIELDS).difference(fields)
    for key, chunk, vector in zip(chunk_ids(collection, document), chunks, vectors, strict=True):
        row = {
            "id": key,
            "document": document.name,
            "sha256": document.sha256,
            "language": limits.cut(part_language(chunk.reading.text, document.language), limits.LANGUAGE_BYTES),
            "headings": headings_json(chunk.heading_path),
            "lead": limits.cut(chunk.lead, limits.LEAD_BYTES),
            "text": chunk.text,
            TEXT_HASH: text_hash(chunk),
            "chunk": chunk.index,
            "start": chunk.start,
            "end": chunk.end,
            "tokens": chunk.tokens,
            "ingested_at": document.ingested_at,
            "terms": document_terms(chunk.embedded_text, limit=limits.TEXT_BYTES),
            "dense": vector,
        }
        yield {name: value for name, value in row.items() if name not in lacking}


def batches(all_rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Group rows into upserts bounded by count and by bytes."""
    batch: list[dict[str, Any]] = []
    filled = 0
    for row in all_rows:
        weight = row["dense"].nbytes + sum(limits.size(value) for value in row.values() if isinstance(value, str))
        if batch and (len(batch) >= limits.BATCH_ROWS or filled + weight > limits.BATCH_BYTES):
            yield batch
            batch, filled = [], 0
        batch.append(row)
        filled += weight
    if batch:
        yield batch


def public(row: Mapping[str, Any], sha256: str) -> dict[str, Any]:
    """The row with the content's `sha256` in place of its revision: outside the store nobody needs to know the take."""
    return {**row, "sha256": sha256}


def stored_chunk(row: Mapping[str, Any]) -> StoredChunk:
    """The chunk a public row holds."""
    return StoredChunk(
        id=row["id"],
        document=row["document"],
        sha256=row["sha256"],
        language=row["language"],
        chunk=Chunk(
            index=int(row["chunk"]),
            start=int(row["start"]),
            end=int(row["end"]),
            heading_path=tuple(json.loads(row["headings"])),
            text=row["text"],
            tokens=int(row["tokens"]),
            lead=row.get("lead", ""),
        ),
    )


def headings_json(path: Sequence[str]) -> str:
    """The heading path as JSON that fits its field: the longest headings are shortened first, then outer ones go."""
    kept = list(path)
    while limits.size(written := json.dumps(kept, ensure_ascii=False)) > limits.HEADINGS_BYTES:
        longest = max(range(len(kept)), key=lambda position: limits.size(kept[position]))
        if limits.size(kept[longest]) > 64:
            kept[longest] = limits.cut(kept[longest], limits.size(kept[longest]) // 2)
        else:
            del kept[0]
    return written
