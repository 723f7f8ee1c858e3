"""Removing rows that count for nothing any more, and the mention of them in the registry after that."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from ..protocols import Record
from ..types import Document
from . import limits
from .connection import Connection
from .filters import both, one_of
from .reading import CollectionReader
from .registry import NAMES_PER_QUERY, Registry, RegistryRow
from .rows import TEXT_HASH, chunk_ids


class Remover:
    """Removes rows of one collection. Its calls belong inside `Connection.changes`."""

    def __init__(
        self,
        connection: Connection,
        collection: str,
        registry: Registry,
        reader: CollectionReader,
        record: Record | None = None,
    ) -> None:
        self._connection = connection
        self._collection = collection
        self._registry = registry
        self._reader = reader
        self._record = record

    def give_up(self, entries: Sequence[RegistryRow]) -> list[RegistryRow]:
        """Make nothing of these documents count: recorded first, then written. Returns the entries left to sweep.

        Raises KeepingError when it cannot be recorded.
        """
        if self._record:
            removed = {entry.document.name: entry.document.sha256 for entry in entries if entry.committed}
            self._record.removed(self._collection, removed)
        self._registry.write(gone := [_without_revision(entry) for entry in entries])
        return gone

    def sweep(
        self, entries: Sequence[RegistryRow], former: Sequence[Document] = (), *, staying: Collection[str] = ()
    ) -> None:
        """Delete the rows of revisions left over, then the mention of them.

        Of these, `former` ones counted until now: how many rows they have is known, and by which keys. Passages that
        are `staying`, by the sha256 of their text, stand in what comes instead.
        """
        done = self._delete_whole(former, staying)
        changed = [entry for entry in entries if entry.committed and entry.leftover]
        gone = [entry for entry in entries if not entry.committed]
        for entry in changed:
            self.rows([entry.document.name], [s for s in entry.leftover if (entry.document.name, s) not in done])
        left = [(e.document.name, s) for e in gone for s in e.leftover if (e.document.name, s) not in done]
        for some in limits.groups(left, NAMES_PER_QUERY):
            self.rows(list(dict.fromkeys(name for name, _ in some)), [sha256 for _, sha256 in some])
        self._registry.write([replace(entry, leftover=()) for entry in changed])
        self._registry.remove([entry.document.name for entry in gone])

    def rows(self, names: Sequence[str], revisions: Sequence[str]) -> None:
        """Delete the rows of these revisions of these documents, however many there are."""
        if not revisions:
            return
        expression = both(one_of("document", names), one_of("sha256", dict.fromkeys(revisions)))
        self._told(passages(self._connection, self._collection, expression))
        with self._connection.writing():
            self._connection.call("delete", collection_name=self._collection, filter=expression)

    def _told(self, leaving: Iterable[str], staying: Collection[str] = ()) -> None:
        if self._record:
            self._record.left(leaving, staying=staying)

    def _delete_whole(self, documents: Sequence[Document], staying: Collection[str]) -> set[tuple[str, str]]:
        """Delete the rows of revisions by their keys; returns the names and revisions of those that had them all."""
        whole = self._reader.whole(documents)
        self._told(self._reader.passages(whole), staying)
        keys = [key for document in whole for key in chunk_ids(self._collection, document)]
        for some in limits.groups(keys, limits.BATCH_ROWS):
            with self._connection.writing():
                self._connection.call("delete", collection_name=self._collection, ids=list(some))
        return {(document.name, document.sha256) for document in whole}


def passages(connection: Connection, collection: str, expression: str = "") -> Iterator[str]:
    """The sha256 of the embedded text of each row, of all by default; looked up when the first is asked for."""
    pages = connection.pages(
        collection_name=collection,
        filter=expression,
        output_fields=[TEXT_HASH],
        batch_size=limits.MOST_HITS // 2,
        consistency_level="Strong",
    )
    return (str(row[TEXT_HASH]) for page in pages for row in page)


def revisions(entries: Sequence[RegistryRow]) -> list[Document]:
    """The documents of `entries` as their rows know them: the revisions that count, or did until they were deleted."""
    return [entry.stored for entry in entries if entry.committed]


def _without_revision(entry: RegistryRow) -> RegistryRow:
    """The entry of a document that is to go: nothing of it counts any more."""
    everything = {*entry.leftover, entry.revision} - {""}
    return RegistryRow(replace(entry.document, sha256=""), tuple(sorted(everything)))
