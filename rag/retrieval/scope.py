"""The scope of a question: one or several knowledge bases, or parts of them, searched as if they were one collection.

All are searched with the same vector, so inner products compare and dense results are merged by them. BM25 scores of
two indexes do not, so full-text results are merged by rank. A knowledge base that cannot be searched does not spoil
the others: it is left out, and `left_out` says why.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rag.errors import IndexMismatch, StoreError
from rag.messages import Reason, reason
from rag.protocols import Searchable
from rag.types import Document, Fingerprint, Hit, Narrowing, PlacedDocument, StoredChunk, Vectors, within

Lookup = Callable[[Searchable, Sequence[str]], list[Hit]]
"""Searches a store within documents, all of them where none are named."""


@dataclass(frozen=True, slots=True)
class SearchTarget:
    """A knowledge base that a question searches: its store, or the error that keeps it from being opened."""

    id: str
    name: str
    store: Searchable | StoreError
    part: Narrowing | None = None
    made_with: Fingerprint | None = None
    """Fingerprint its index was made with, where that is not the running one."""


class Scope:
    """A `Searchable` over places; made for one question, safe for many threads."""

    def __init__(self, places: Sequence[SearchTarget]) -> None:
        """There is at least one place. Raises the error of the first when none can be opened."""
        self._open = [(place, place.store) for place in places if not isinstance(place.store, StoreError)]
        shut = [(place, place.store.reason) for place in places if isinstance(place.store, StoreError)]
        if not self._open:
            assert isinstance(places[0].store, StoreError)
            raise places[0].store
        self._lock = threading.Lock()
        self._shut: dict[str, tuple[str, Reason]] = {place.id: (place.name, why) for place, why in shut}
        self._left_out = dict(self._shut)

    @property
    def names(self) -> dict[str, str]:
        """Id -> name of the knowledge bases that are searched."""
        return {place.id: place.name for place, _ in self._open}

    def fingerprints(self, running: Fingerprint) -> dict[str, Fingerprint]:
        """Id -> fingerprint that the index of each knowledge base that is searched was made with."""
        return {place.id: place.made_with or running for place, _ in self._open}

    def left_out(self) -> Reason | None:
        """Reason that names the knowledge bases the last search left out, and why the first of them; None when none."""
        with self._lock:
            missing = list(self._left_out.values())
        if not missing:
            return None
        return reason("library.left_out", names=", ".join(name for name, _ in missing), why=missing[0][1])

    def full_text_missing(self) -> Reason | None:
        """Reason why full text can be searched in none of them, None when it can in some."""
        reasons = [store.full_text_missing() for _, store in self._open]
        return None if None in reasons else reasons[0]

    def search_dense(self, vector: Vectors, *, limit: int, documents: Sequence[str] = ()) -> list[Hit]:
        """Best inner products over all of them."""
        lists = self._searched(lambda store, some: store.search_dense(vector, limit=limit, documents=some), documents)
        merged = sorted((hit for hits in lists for hit in hits), key=lambda hit: -hit.score)
        return _ranked(merged, limit)

    def search_full_text(self, query: str, *, limit: int, documents: Sequence[str] = ()) -> list[Hit]:
        """The best of each, then the second of each, and so on. One without full text is left out, and said."""

        return self._by_words(
            lambda store, some: store.search_full_text(query, limit=limit, documents=some), limit, documents
        )

    def search_terms(self, terms: Sequence[str], *, limit: int, documents: Sequence[str] = ()) -> list[Hit]:
        """The same for terms."""
        return self._by_words(
            lambda store, some: store.search_terms(terms, limit=limit, documents=some), limit, documents
        )

    def _by_words(self, lookup: Lookup, limit: int, documents: Sequence[str]) -> list[Hit]:
        def search(store: Searchable, some: Sequence[str]) -> list[Hit]:
            if missing := store.full_text_missing():
                raise StoreError(missing)
            return lookup(store, some)

        lists = self._searched(search, documents)
        merged = sorted((hit for hits in lists for hit in hits), key=lambda hit: hit.rank)
        return _ranked(merged, limit)

    def documents(self) -> list[Document]:
        """All committed documents, place by place."""
        return [document for _, store in self._open for document in store.documents()]

    def chunks(self, document: str) -> list[StoredChunk]:
        """The chunks of the first document of that name."""
        return next((found for _, store in self._open if (found := store.chunks(document))), [])

    def placed(self, documents: Sequence[str] = ()) -> list[PlacedDocument]:
        """The enabled documents the question may look into, place by place, within `documents`; empty means all."""
        several = len(self._open) > 1
        return [
            PlacedDocument(document, place.id, place.name if several else "")
            for place, store in self._open
            for document in store.documents()
            if document.enabled and within(document.name, documents) and _belongs(document, place.part)
        ]

    def read(self, placed: PlacedDocument) -> list[StoredChunk]:
        """The chunks of a document of the scope, as a search would give them."""
        for place, store in self._open:
            if place.id == placed.collection and _belongs(placed.document, place.part):
                return [
                    replace(one, collection=place.id, base_name=placed.base_name)
                    for one in store.chunks(placed.document.name)
                ]
        return []

    def _searched(self, search: Lookup, documents: Sequence[str]) -> list[list[Hit]]:
        """Hits of every place; raises the first place's error when all of them fail."""
        found: list[list[Hit]] = []
        failures: list[StoreError] = []
        with self._lock:
            self._left_out = dict(self._shut)
        for place, store in self._open:
            try:
                some = _within(place.part, store, documents)
                hits = [] if some is None else search(store, some)
            except StoreError as e:
                failures.append(e)
                with self._lock:
                    self._left_out[place.id] = (place.name, e.reason)
            else:
                found.append([self._placed(hit, place) for hit in hits])
        if not found:
            raise failures[0]
        return found

    def _placed(self, hit: Hit, place: SearchTarget) -> Hit:
        """A hit that says where it was found, by name where that could be in several knowledge bases."""
        name = place.name if len(self._open) > 1 else ""
        return replace(hit, stored=replace(hit.stored, collection=place.id, base_name=name))


def _ranked(hits: Sequence[Hit], limit: int) -> list[Hit]:
    return [replace(hit, rank=rank) for rank, hit in enumerate(hits[:limit], 1)]


def _belongs(document: Document, part: Narrowing | None) -> bool:
    """True if a document is in the part of a knowledge base that is searched."""
    if part is None:
        return True
    return within(document.name, part.documents) and (not part.tags or bool(set(part.tags) & set(document.tags)))


def _within(part: Narrowing | None, store: Searchable, documents: Sequence[str]) -> Sequence[str] | None:
    """The documents to search in: empty for all, None for none."""
    if part is None or not (part.documents or part.tags):
        return documents
    if not part.tags and not documents:
        return part.documents
    chosen = [
        document.name for document in store.documents() if within(document.name, documents) and _belongs(document, part)
    ]
    return chosen or None


class TextOnly:
    """A `Searchable` without dense search, which raises the reason: vectors of two models do not compare."""

    def __init__(self, store: Searchable, why: Reason) -> None:
        self._store = store
        self._why = why

    def full_text_missing(self) -> Reason | None:
        return self._store.full_text_missing()

    def search_dense(self, vector: Vectors, *, limit: int, documents: Sequence[str] = ()) -> list[Hit]:
        """Raises IndexMismatch, always."""
        raise IndexMismatch(self._why)

    def search_full_text(self, query: str, *, limit: int, documents: Sequence[str] = ()) -> list[Hit]:
        return self._store.search_full_text(query, limit=limit, documents=documents)

    def search_terms(self, terms: Sequence[str], *, limit: int, documents: Sequence[str] = ()) -> list[Hit]:
        return self._store.search_terms(terms, limit=limit, documents=documents)

    def documents(self) -> list[Document]:
        return self._store.documents()

    def chunks(self, document: str) -> list[StoredChunk]:
        return self._store.chunks(document)
