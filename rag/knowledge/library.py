"""The knowledge bases with their stores, each opened when it is first needed and all closed at the end.

Safe for many threads. The stores share one connection and one embedder. A knowledge base whose index was made with
another model is refused alone: the others answer.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from rag.errors import IndexMismatch, KeepingError, LibraryError, ModelsNotReady, StoreError
from rag.events import Cancel
from rag.messages import reason
from rag.protocols import Embedder, Searchable, Store
from rag.retrieval.scope import Scope, SearchTarget, TextOnly
from rag.types import Document, Fingerprint, RetrievalOptions
from rag.types.contents import KnowledgeProfile

from .catalog import Catalog
from .cleanup import Cleanup
from .inventory import Inventory
from .inventory_check import InventoryCheck
from .knowledge_base import KnowledgeBase, shown
from .originals import Originals
from .profile.shelf import ContentsShelf

log = logging.getLogger(__name__)


class VectorDatabase(Protocol):
    """Collections that may not exist yet, in a database that may not answer yet. Every call may raise StoreError."""

    def documents(self, collection: str) -> list[Document]:
        """Committed documents, readable before any model is loaded."""

    def held(self, collection: str) -> list[Document] | None:
        """All documents, deleted ones that can be restored among them; None without a collection."""

    def fingerprint(self, collection: str) -> Fingerprint | None:
        """Return the fingerprint the collection was made with; None when there is no collection."""

    def open(self, collection: str, embedder: Embedder) -> Store:
        """The collection, created when missing. Raises IndexMismatch when it was made with another model."""

    def open_as_made(self, collection: str) -> Store:
        """Return the collection as it was made, whatever runs now. Its vectors compare only with its own model's."""

    def drop(self, collection: str) -> None:
        """Remove the collection with its documents; no harm when it is not there."""

    def close(self) -> None:
        """Release the database, and with it every store opened here."""


class Library:
    """The knowledge bases of the catalogue, and their stores that are open."""

    def __init__(
        self,
        catalogue: Catalog,
        database: VectorDatabase,
        originals: Originals | None = None,
        inventory: Inventory | None = None,
    ) -> None:
        """`originals` are the files of the documents, tidied with them; the `inventory` says what there should be."""
        self.catalogue = catalogue
        self._database = database
        self._originals = originals
        self.stock = InventoryCheck(catalogue, database, inventory)
        self._opening = threading.Lock()
        self._embedder: Embedder | None = None
        self._stores: dict[str, Store] = {}
        """Open stores by collection."""
        self._as_made: dict[str, Store] = {}
        """By collection; stores opened as they were made, whatever runs now."""
        self._tidier = Cleanup(self.tidy_originals)
        self._contents = ContentsShelf()

    def profile(self, base: str = "", *, cancel: Cancel) -> KnowledgeProfile:
        """What a knowledge base is made of, counted from its documents. Raises like `documents`."""
        live = self.catalogue.base(base).live
        return self._contents.profile(live, self.documents(base), self.as_made(live).chunks, cancel=cancel)

    def serve(self, embedder: Embedder) -> None:
        """Let stores be opened from now on, as the model is there; drop the collections deleted before."""
        self._embedder = embedder
        self._clear_away()
        self.stock.lacks_anything()

    def fingerprint(self, base: str = "") -> Fingerprint | None:
        """Return the fingerprint of a knowledge base's index; None when it has none yet. Raises StoreError."""
        return self._database.fingerprint(self.catalogue.base(base).live)

    def documents(self, base: str = "") -> list[Document]:
        """The documents of a knowledge base, also before the models are there. Raises StoreError, LibraryError."""
        live = self.catalogue.base(base).live
        store = self._stores.get(live)
        return store.documents() if store else self._database.documents(live)

    def store(self, base: str = "") -> Store:
        """The store of a knowledge base, opened now if it was not.

        Raises ModelsNotReady before `serve`, LibraryError when there is no such knowledge base, and StoreError when
        it cannot be opened, IndexMismatch among them.
        """
        live = self.catalogue.base(base).live
        if store := self._stores.get(live):
            return store
        if self._embedder is None:
            raise ModelsNotReady(reason("runtime.loading"))
        with self._opening:
            if live not in self._stores:
                store = self._database.open(live, self._embedder)
                self._still(base, live, store)
                self._stores[live] = store
                self.tend(store)  # it may hold documents that were deleted before a restart
            return self._stores[live]

    def _still(self, base: str, collection: str, store: Store) -> None:
        """Raise LibraryError if the knowledge base was deleted while its collection was opened; drop an empty one.

        A collection that holds documents was there before; that the catalogue knows it no more is no reason to drop it.
        """
        try:
            self.catalogue.base(base)
        except LibraryError:
            if not store.documents():
                self.catalogue.doom(collection)
                self._clear_away()
            raise

    def as_it_is(self, base: str = "") -> Store:
        """Return the store of a knowledge base whatever its index was made with, for work that needs no vectors of the
        running model: reading, deleting and disabling documents. Raises like `store`, IndexMismatch excepted."""
        try:
            return self.store(base)
        except IndexMismatch:
            return self.as_made(self.catalogue.base(base).live)

    def tend(self, store: Store) -> None:
        """Remove deleted documents from a store in the background, once their deletion can no longer be undone."""
        self._tidier.tend(store)

    def tidy_originals(self) -> int:
        """Move aside the files of deleted documents, and remove those whose term has passed; returns how many.

        No file goes while a knowledge base cannot be read, or lacks documents it should have.
        """
        if self._originals is None or not self._originals.any or self.stock.lacks_anything():
            return 0
        try:
            return self._originals.tidy()
        except KeepingError as e:
            log.warning("files of documents are not tidied now: %s", e)
            return 0

    def scope(self, options: RetrievalOptions) -> Scope:
        """Return the knowledge bases that a question with these options searches.

        Raises StoreError when none of it can be opened, LibraryError when none of it is there.
        """
        parts = {part.collection: part for part in options.narrowed}
        places = []
        gone: LibraryError | None = None
        for id in dict.fromkeys(options.collections or (self.catalogue.default,)):
            try:
                base = self.catalogue.base(id)
            except LibraryError as e:
                gone = gone or e
                continue
            places.append(replace(self._place(base), part=parts.get(base.id)))
        if not places and gone:
            raise gone
        return Scope(places)

    def reachable(self, first: Sequence[str] = ()) -> dict[str, Store]:
        """The stores of all knowledge bases that can be opened, by id; those of `first` come first."""
        bases = sorted(self.catalogue.all(), key=lambda base: base.id not in first)
        found: dict[str, Store] = {}
        for base in bases:
            with contextlib.suppress(StoreError):  # one that cannot be opened is not reachable
                found[base.id] = self.store(base.id)
        return found

    def defaults(self, options: RetrievalOptions, collections: Sequence[str]) -> RetrievalOptions:
        """Return `options`, the settings' values, with those of the knowledge base where only one is in scope."""
        alone = list(dict.fromkeys(collections)) or [self.catalogue.default]
        return self.catalogue.base(alone[0]).over(options) if len(alone) == 1 else options

    def delete(self, base: str, *, typed: str, left: Callable[[str], object] = lambda _: None) -> KnowledgeBase:
        """Remove a knowledge base with everything in it, once its name was typed again. Raises LibraryError.

        `left` is told its id once nobody can open it any more, before its collection goes. The database may be away:
        then the collection is dropped at the next start.
        """
        gone = self.catalogue.delete(base, typed=typed)
        left(gone.id)
        self.forget(gone.live)
        return gone

    def close(self) -> None:
        """Release the database."""
        self._tidier.close()
        self._stores.clear()
        self._as_made.clear()
        self._database.close()

    def beside(self, base: str, collection: str) -> Store:
        """A collection beside the live one of a knowledge base, made for what runs now. Raises like `store`."""
        if self._embedder is None:
            raise ModelsNotReady(reason("runtime.loading"))
        with self._opening:
            if collection not in self._stores:
                store = self._database.open(collection, self._embedder)
                self._still(base, collection, store)
                self._stores[collection] = store
            return self._stores[collection]

    def as_made(self, collection: str) -> Store:
        """A collection as it was made, whatever runs now. Raises StoreError."""
        with self._opening:
            if collection not in self._as_made:
                self._as_made[collection] = self._database.open_as_made(collection)
            return self._as_made[collection]

    def forget(self, collection: str) -> None:
        """Close a collection that is not in use any more, and drop it if it is doomed."""
        self._close(collection)
        self._clear_away()

    def _close(self, collection: str) -> None:
        with self._opening:
            stores = (self._stores.pop(collection, None), self._as_made.pop(collection, None))
        for store in filter(None, stores):
            self._tidier.leave(store)

    def place(self, base: str = "") -> SearchTarget:
        """Return the search target of a knowledge base as it stands, or why it has none. Raises LibraryError."""
        return self._place(self.catalogue.base(base))

    def _place(self, base: KnowledgeBase) -> SearchTarget:
        try:
            return SearchTarget(base.id, shown(base), self.store(base.id))
        except IndexMismatch as e:
            return self._despite(base, e)
        except StoreError as e:
            return SearchTarget(base.id, shown(base), e)

    def _despite(self, base: KnowledgeBase, mismatch: IndexMismatch) -> SearchTarget:
        """Return the target of an index made differently: in full if only its chunks differ, else its text alone."""
        made_with = self._database.fingerprint(base.live)
        if made_with is None or self._embedder is None:
            return SearchTarget(base.id, shown(base), mismatch)
        try:
            store = self.as_made(base.live)
        except StoreError as e:
            return SearchTarget(base.id, shown(base), e)
        found: Searchable | StoreError = store
        info, dimension = self._embedder.info, self._embedder.dimension
        if made_with.vectors != (info.name, info.revision, dimension):
            why = reason("reindexing.text_only", differences=mismatch.reason.values.get("differences", ""))
            found = mismatch if store.full_text_missing() else TextOnly(store, why)
        return SearchTarget(base.id, shown(base), found, made_with=made_with)

    def _clear_away(self) -> None:
        for collection in self.catalogue.doomed():
            try:
                self._database.drop(collection)
            except (StoreError, KeepingError) as e:
                log.warning("collection %s is dropped at the next start: %s", collection, e)
                return
            self.catalogue.dropped(collection)
