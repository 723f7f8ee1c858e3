"""`MilvusStore`: one collection of chunks and its registry of documents.

A change keeps to an order in which every moment, a crash included, leaves each document whole: as it was, or as it is
to be (`registry.py` says how).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from ..errors import KeepingError, StoreUnavailable
from ..messages import Reason, reason
from ..protocols import Record
from ..types import Chunk, DenseRank, Document, Fields, Fingerprint, Hit, IndexedDocument, StoredChunk, Vectors
from . import limits, opening, schema
from .connection import Connection
from .indexes import IndexOptions, SearchParams, dense_index, search_params
from .inspection import refuse_lost
from .reading import Census, CollectionReader
from .registry import HIDDEN, MOST_EXCLUDED, PAGE_ROWS, WITH_LEFTOVER, Registry, RegistryRow
from .removing import Remover, revisions
from .rows import CHUNK_FIELDS, TEXT_HASH, batches, chunk_fields, rows, text_hash
from .search import CollectionSearch

UNDO_SECONDS = 600.0
"""Time in which a deleted document can be restored. Meanwhile its chunks stay, and no search sees them."""

SWEEP_AGE_SECONDS = 3600.0
"""Age at which an unfinished change on a server is given up; a younger one may be under way in another process."""


class MilvusStore:
    """The `Store` of `rag.protocols` on Milvus. Safe to share between threads."""

    def __init__(
        self,
        connection: Connection,
        collection: str,
        *,
        dimension: int,
        search: SearchParams,
        full_text_missing: Reason | None,
        fields: Sequence[str] = CHUNK_FIELDS,
        page_rows: int = PAGE_ROWS,
        most_excluded: int = MOST_EXCLUDED,
        now: Callable[[], float] = time.time,
        changed: Callable[[], object] = lambda: None,
        record: Record | None = None,
    ) -> None:
        """`fields` are those of a chunk that the collection has; `changed` is called after every change of what
        documents there are, or of what is said of them."""
        self._connection = connection
        self._collection = collection
        self._dimension = dimension
        self._full_text_missing = full_text_missing
        self._fields = fields
        self._now = now
        self._changed = changed
        self._record = record
        self._registry = Registry(
            connection, collection + schema.REGISTRY_SUFFIX, page_rows=page_rows, most_excluded=most_excluded, now=now
        )
        self._search = CollectionSearch(
            connection,
            collection,
            self._registry,
            search,
            fields,
            dimension=dimension,
            full_text_missing=full_text_missing,
        )
        self._reader = CollectionReader(connection, collection, self._registry, dimension=dimension, fields=fields)
        self._remover = Remover(connection, collection, self._registry, self._reader, record)

    @classmethod
    def open(
        cls,
        connection: Connection,
        collection: str,
        fingerprint: Fingerprint,
        *,
        index: IndexOptions | None = None,
        page_rows: int = PAGE_ROWS,
        most_excluded: int = MOST_EXCLUDED,
        now: Callable[[], float] = time.time,
        damaged: bool = False,
        changed: Callable[[], object] = lambda: None,
        record: Record | None = None,
    ) -> MilvusStore:
        """Open `collection`, created if it is missing. `close` then closes the connection: one for each store.

        An embedded database that has lost chunks is refused, naming the documents, unless `damaged` is expected.

        Raises IndexMismatch when it was made with another fingerprint or is not one of ours, StoreError when the name,
        the index kind or Milvus's answer is wrong.
        """
        limits.check_collection(collection)
        options = index or IndexOptions()
        dense_index(options, connection)  # refused before anything is made
        with connection.changes, opening.reporting_damage(connection), opening.all_or_nothing(connection, collection):
            description = opening.ensure_collections(connection, collection, fingerprint)
            has_sparse = any(field["name"] == schema.SPARSE for field in description["fields"])
            dense = opening.ensure_indexes(
                connection, collection, options, dimension=fingerprint.dimension, full_text=has_sparse
            )
        missing = schema.no_full_text(connection)
        if missing is None and not has_sparse:
            missing = reason("store.made_without_full_text", collection=collection)
        store = cls(
            connection,
            collection,
            dimension=fingerprint.dimension,
            search=search_params(dense.type, options, is_lite=connection.is_lite),
            full_text_missing=missing,
            fields=chunk_fields(description),
            page_rows=page_rows,
            most_excluded=most_excluded,
            now=now,
            changed=changed,
            record=record,
        )
        store.sweep()
        if connection.embedded and not damaged:
            refuse_lost(connection, collection, store.documents(), store.census)
        return store

    def full_text_missing(self) -> Reason | None:
        """Reason why full-text search is not possible here, None when it is."""
        return self._full_text_missing

    def search_dense(self, vector: Vectors, *, limit: int, documents: Sequence[str] = ()) -> list[Hit]:
        """Best inner products with the `[1, dim]` vector, best first. At most 16,384."""
        return self._search.dense(vector, limit=limit, documents=documents)

    def search_full_text(self, query: str, *, limit: int, documents: Sequence[str] = ()) -> list[Hit]:
        """Best BM25 scores of the query's terms, best first, positive. At most 16,384."""
        return self._search.full_text(query, limit=limit, documents=documents)

    def search_terms(self, terms: Sequence[str], *, limit: int, documents: Sequence[str] = ()) -> list[Hit]:
        """Best BM25 scores of these terms, best first, positive. At most 16,384."""
        return self._search.terms(terms, limit=limit, documents=documents)

    def rank_dense(
        self, vector: Vectors, chunk_ids: Sequence[str], *, depth: int, documents: Sequence[str] = ()
    ) -> dict[str, DenseRank]:
        """Score and rank of each of these chunks for the `[1, dim]` vector, down to `depth`, at most 16,384."""
        return self._search.standings(vector, chunk_ids, depth=depth, documents=documents)

    def contents(self, names: Sequence[str] | None = None) -> Iterator[IndexedDocument]:
        """The committed documents of these names, all of them by default, each whole with its vectors, by name."""
        return self._reader.contents(names)

    def documents(self) -> list[Document]:
        """All committed documents, by name."""
        with self._connection.reading():
            entries = self._registry.listed()
        return sorted((entry.document for entry in entries if entry.present), key=lambda document: document.name)

    def chunks(self, document: str) -> list[StoredChunk]:
        """The committed chunks of one document, in order."""
        return self._reader.chunks(document)

    def vectors(self, document: str) -> dict[str, Vectors]:
        """Embedded text's sha256 -> its `[dim]` vector, of the committed revision."""
        found = self._reader.rows(document, ("chunk", TEXT_HASH, schema.DENSE))
        return {row[TEXT_HASH]: np.asarray(row[schema.DENSE], np.float32) for row in found}

    def put(self, document: Document, chunks: Sequence[Chunk], vectors: Vectors, *, again: bool = False) -> bool:
        """Add or replace a document: visible all at once, never missing in between.

        `vectors` is `[len(chunks), dim]`, finite. The content that is there already changes nothing, unless it is put
        `again`: the same file may be cut or read another way now. Then a document that was deleted or replaced
        meanwhile stays as it is, which returns False, and one that was disabled stays disabled. After an error the
        document is what it was; what was written is swept by the next change or start.
        """
        limits.check_document(document, chunks)
        limits.check_vectors(vectors, rows=len(chunks), dimension=self._dimension)
        with self._connection.changes:
            before = self._registry.entries([document.name]).get(document.name)
            same = before is not None and before.document.sha256 == document.sha256
            if again:
                if not (before and same and before.present):
                    return False
                document = replace(document, enabled=before.document.enabled)
            elif before and same:
                if before.buried_at:
                    self._commit(RegistryRow(document, before.leftover, take=before.take))
                return True
            old = before or RegistryRow(replace(document, sha256="", chunks=0, tokens=0))
            stale = {*old.leftover, old.revision} - {""}
            new = RegistryRow.distinct(document, stale)
            self._registry.write([replace(old, leftover=tuple(sorted({*old.leftover, new.revision})))])
            for batch in batches(rows(self._collection, new.stored, chunks, vectors, fields=self._fields)):
                with self._connection.writing():
                    self._connection.call("upsert", collection_name=self._collection, data=batch)
            self._commit(committed := replace(new, leftover=tuple(sorted(stale))))
            # It counts from here on: that old chunks are still there costs room, and is in the registry.
            with suppress(StoreUnavailable):
                self._remover.sweep([committed], revisions([old]), staying=frozenset(map(text_hash, chunks)))
            return True

    def delete(self, names: Sequence[str]) -> int:
        """Remove documents with their chunks; returns how many were there. Unknown names do no harm."""
        with self._connection.changes:
            entries = list(self._registry.entries(name for name in names if limits.is_unicode(name)).values())
            gone = self._remover.give_up(entries)
            if count := sum(entry.present for entry in entries):
                self._changed()
            self._remover.sweep(gone, revisions(entries))
        return count

    def bury(self, names: Sequence[str]) -> int:
        """Delete documents so that `restore` can bring them back for some minutes; returns how many were there."""
        return self._amend(names, lambda e: replace(e, buried_at=self._now()) if e.present else None)

    def restore(self, names: Sequence[str]) -> int:
        """Bring buried documents back; returns for how many it was not too late."""
        return self._amend(names, lambda e: replace(e, buried_at=0.0) if e.committed and e.buried_at else None)

    def enable(self, names: Sequence[str], enabled: bool) -> int:
        """Include documents in searches, or exclude them; their vectors stay. Returns how many changed."""

        def change(entry: RegistryRow) -> RegistryRow | None:
            if not entry.present or entry.document.enabled == enabled:
                return None
            return replace(entry, document=replace(entry.document, enabled=enabled))

        return self._amend(names, change)

    def describe(self, name: str, fields: Fields) -> None:
        """Keep what the front matter of a document says, where that was not read when it was put."""

        def change(entry: RegistryRow) -> RegistryRow | None:
            unread = entry.present and entry.document.fields is None
            return replace(entry, document=replace(entry.document, fields=fields)) if unread else None

        self._amend([name], change)

    def note(self, name: str, error: Reason | None) -> None:
        """Keep with a document the reason why it could not be ingested again; None when it is in order."""

        def change(entry: RegistryRow) -> RegistryRow | None:
            if not entry.present or entry.document.error == error:
                return None
            return replace(entry, document=replace(entry.document, error=error))

        self._amend([name], change)

    def flush(self) -> None:
        """Flush after an ingest job: on Lite rows not yet flushed cost every search; servers flush by themselves."""
        if not self._connection.is_lite:
            return
        for collection in (self._collection, self._collection + schema.REGISTRY_SUFFIX):
            with self._connection.writing():
                self._connection.call("flush", collection_name=collection)

    def sweep(self) -> bool:
        """Remove what crashed changes left behind, and deleted documents once that cannot be undone any more.

        Returns whether some can still be restored: then it must be called again.
        """
        with self._connection.changes:
            entries = self._registry.all(WITH_LEFTOVER)
            given_up = self._now() - SWEEP_AGE_SECONDS
            self._remover.sweep(
                [entry for entry in entries if self._connection.embedded or entry.touched_at < given_up]
            )
            buried = [entry for entry in self._registry.all(HIDDEN) if entry.buried_at]
            late = [entry for entry in buried if entry.buried_at <= self._now() - UNDO_SECONDS]
            try:
                gone = self._remover.give_up(late)
            except KeepingError:  # the next sweep tries again
                return True
            self._remover.sweep(gone, revisions(late))
        return len(late) < len(buried)

    def census(self) -> Census:
        """Find the committed documents that have lost chunks and the rows that belong to none. Looks at every row."""
        return self._reader.census()

    def repair(self, *, spared: Container[str] = ()) -> Census:
        """Take out the documents that have lost chunks, to be put again, and rows that belong to none.

        Rows of `spared` names stay: they may be all there is of a document. Returns what was taken out.
        """
        found = self.census()
        strays = tuple((name, sha256) for name, sha256 in found.strays if name not in spared)
        self.delete([document.name for document in found.incomplete])
        with self._connection.changes:
            for name, sha256 in strays:
                self._remover.rows([name], [sha256])
        return replace(found, strays=strays)

    def close(self) -> None:
        """Release the database: the lock of an embedded one goes with its last user in this process."""
        self._connection.close()

    def _commit(self, entry: RegistryRow) -> None:
        self._registry.write([entry])
        if self._record:
            self._record.added(self._collection, entry.document)
        self._changed()

    def _amend(self, names: Sequence[str], change: Callable[[RegistryRow], RegistryRow | None]) -> int:
        """Write the entries of `names` as `change` makes them, None leaving one as it is; returns how many changed."""
        with self._connection.changes:
            entries = self._registry.entries(name for name in names if limits.is_unicode(name)).values()
            changed = [after for entry in entries if (after := change(entry))]
            self._registry.write(changed)
            if changed:
                self._changed()
        return len(changed)
