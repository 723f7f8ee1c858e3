"""Reading documents whole: the chunks and vectors of the revision that counts, and never a mixture of two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..types import Document, IndexedDocument, StoredChunk
from . import limits
from .connection import Connection
from .filters import between, both, equals, one_of
from .registry import NAMES_PER_QUERY, Consistency, Registry
from .rows import CHUNK_FIELDS, TEXT_HASH, chunk_ids, public, stored_chunk
from .schema import DENSE

CHUNKS_PER_READ = 2_000
"""Rows of one read with their vectors: 8 MB at 1024 dimensions."""

READ_ATTEMPTS = 5

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Census:
    """Inconsistencies in a collection. No crash leaves any: only a damaged database has some."""

    incomplete: tuple[Document, ...]
    """Committed documents some of whose chunks are gone."""
    strays: tuple[tuple[str, str], ...]
    """Names and revisions, as their rows tell them apart, that have rows and no entry in the registry."""


class CollectionReader:
    """Reads documents of one collection."""

    def __init__(
        self,
        connection: Connection,
        collection: str,
        registry: Registry,
        *,
        dimension: int,
        fields: Sequence[str] = CHUNK_FIELDS,
    ) -> None:
        """`fields` are those of a chunk that the collection has."""
        self._connection = connection
        self._collection = collection
        self._registry = registry
        self._dimension = dimension
        self._fields = fields
        self._with_vector = (*fields, DENSE)

    def rows(self, document: str, fields: Sequence[str]) -> list[Row]:
        """Rows of the committed revision, in order; read again when it was replaced meanwhile."""
        found = self._document(document, fields)
        return found[1] if found else []

    def chunks(self, document: str) -> list[StoredChunk]:
        """The committed chunks, in order."""
        found = self._document(document, self._fields)
        return [stored_chunk(public(row, found[0].sha256)) for row in found[1]] if found else []

    def contents(self, names: Sequence[str] | None = None) -> Iterator[IndexedDocument]:
        """The committed documents of these `names`, all of them by default, whole and in order of their names."""
        with self._connection.reading():
            entries = self._registry.all() if names is None else list(self._registry.entries(names).values())
        present = {entry.document.name: entry for entry in entries if entry.present}
        for some in _groups([present[name].stored for name in sorted(present)]):
            found = self._group_rows(some)
            for document in (present[stored.name].document for stored in some):
                rows = found.get(document.name, [])
                if len(rows) == document.chunks:
                    yield self._whole(document, rows)
                elif again := self._document(document.name, self._with_vector):
                    yield self._whole(*again)

    def whole(self, documents: Sequence[Document]) -> list[Document]:
        """Those of `documents` whose rows are all there under the keys that follow from the revision."""
        complete: list[Document] = []
        for some in _groups(documents):
            with self._connection.reading():
                found = {row["id"] for row in self._by_key(some, ("id",), "Session")}
            complete += [d for d in some if found.issuperset(chunk_ids(self._collection, d))]
        return complete

    def passages(self, documents: Sequence[Document]) -> Iterator[str]:
        """The sha256 of the embedded text of each chunk of these revisions, which are `whole`."""
        for some in _groups(documents):
            yield from (str(row[TEXT_HASH]) for row in self._by_key(some, (TEXT_HASH,), "Session"))

    def census(self) -> Census:
        """Find the committed documents that have lost chunks and the rows that belong to none. Looks at every row."""
        with self._connection.reading():
            entries = self._registry.all()
            pages = self._connection.pages(
                collection_name=self._collection,
                filter="",
                output_fields=["document", "sha256"],
                batch_size=limits.MOST_HITS // 2,
                consistency_level="Strong",
            )
            found = Counter((row["document"], row["sha256"]) for page in pages for row in page)
        counting = {(e.document.name, e.revision): e.document for e in entries if e.committed}
        known = counting.keys() | {(e.document.name, revision) for e in entries for revision in e.leftover}
        incomplete = [document for key, document in counting.items() if found[key] != document.chunks]
        return Census(tuple(incomplete), tuple(sorted(found.keys() - known)))

    def _document(self, name: str, fields: Sequence[str]) -> tuple[Document, list[Row]] | None:
        """The committed revision and its rows, None when there is none."""
        found: tuple[Document, list[Row]] | None = None
        if not limits.is_unicode(name):
            return None
        consistency: Consistency = "Session"
        for _ in range(READ_ATTEMPTS):
            with self._connection.reading():
                entry = self._registry.entries([name], consistency=consistency).get(name)
                if entry is None or not entry.present:
                    return None
                found = entry.document, self._revision_rows(entry.stored, fields, consistency)
            if self._connection.embedded or len(found[1]) == entry.document.chunks:
                break
            consistency = "Strong"
        return found

    def _revision_rows(self, document: Document, fields: Sequence[str], consistency: Consistency) -> list[Row]:
        found = self._by_key([document], fields, consistency)
        if len(found) != document.chunks:
            revision = both(equals("document", document.name), equals("sha256", document.sha256))
            found = []
            for first in range(0, document.chunks, CHUNKS_PER_READ):
                only = both(revision, between("chunk", first, first + CHUNKS_PER_READ))
                found += self._query(only, fields, CHUNKS_PER_READ, consistency)
        return sorted(found, key=lambda row: int(row["chunk"]))

    def _group_rows(self, documents: Sequence[Document]) -> dict[str, list[Row]]:
        """Rows of several small documents, in order; of a large one none, as it takes several reads."""
        expected = sum(document.chunks for document in documents)
        if not 0 < expected <= CHUNKS_PER_READ:
            return {}
        found: dict[str, list[Row]] = {}
        current = {document.name: document.sha256 for document in documents}
        with self._connection.reading():
            rows = self._by_key(documents, self._with_vector, "Session")
            if len(rows) != expected:
                rows = self._query(_revisions(documents), self._with_vector, limits.MOST_HITS, "Session")
        for row in sorted(rows, key=lambda row: int(row["chunk"])):
            if current[row["document"]] == row["sha256"]:
                found.setdefault(row["document"], []).append(row)
        return found

    def _by_key(self, documents: Sequence[Document], fields: Sequence[str], consistency: Consistency) -> list[Row]:
        """The rows of these revisions that have the keys they should have.

        When they are fewer than the chunks, the rest must be looked for: the keys of collections that were filled by
        release 0.1.0 follow from the text as well.
        """
        keys = [key for document in documents for key in chunk_ids(self._collection, document)]
        return [
            row
            for some in limits.groups(keys, CHUNKS_PER_READ)
            for row in self._query(one_of("id", some), fields, len(some), consistency)
        ]

    def _whole(self, document: Document, rows: Sequence[Row]) -> IndexedDocument:
        chunks = tuple(stored_chunk(row).chunk for row in rows)
        vectors = np.asarray([row[DENSE] for row in rows], np.float32).reshape(len(rows), self._dimension)
        return IndexedDocument(document, chunks, vectors)

    def _query(self, expression: str, fields: Sequence[str], limit: int, consistency: Consistency) -> list[Row]:
        found: list[Row] = self._connection.call(
            "query",
            collection_name=self._collection,
            filter=expression,
            output_fields=list(fields),
            limit=limit,
            consistency_level=consistency,
        )
        return found


def _revisions(documents: Sequence[Document]) -> str:
    """Rows of these revisions, and perhaps some of others."""
    names = [document.name for document in documents]
    return both(one_of("document", names), one_of("sha256", dict.fromkeys(document.sha256 for document in documents)))


def _groups(documents: Sequence[Document]) -> Iterator[list[Document]]:
    """Documents in order, in groups of at most as many chunks as one read takes; a larger one stands alone."""
    group: list[Document] = []
    filled = 0
    for document in documents:
        if group and (filled + document.chunks > CHUNKS_PER_READ or len(group) == NAMES_PER_QUERY):
            yield group
            group, filled = [], 0
        group.append(document)
        filled += document.chunks
    if group:
        yield group
