"""The Milvus the settings name: connecting, opening, reading without any model. Knows no page and no model by name."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rag.documents.chunking import ChunkLimits
from rag.errors import StoreError
from rag.messages import reason
from rag.protocols import Embedder, Record, Store
from rag.settings import Settings
from rag.settings.environment import Secret
from rag.types import Document, Fingerprint, StoredChunk

if TYPE_CHECKING:
    from . import Connection, IndexOptions, MilvusStore


SCHEMA_VERSION = "2"
"""Version of the Milvus collections and the lexical terms in them; part of every fingerprint."""


class Milvus:
    """The `Database` of the library: the collections of one Milvus, connected to when first needed."""

    def __init__(
        self,
        settings: Settings,
        *,
        damaged: bool = False,
        changed: Callable[[], object] = lambda: None,
        inventory: Record | None = None,
    ) -> None:
        """A collection that has lost chunks is refused when it is opened, unless `damaged` is expected.

        `changed` is called after every change of documents, and the `inventory` is told of each.
        """
        self._settings = settings
        self._damaged = damaged
        self._changed = changed
        self._inventory = inventory
        self._lock = threading.Lock()
        self._open: Connection | None = None

    def documents(self, collection: str) -> list[Document]:
        from . import read_documents

        return read_documents(self._connection(), collection)

    def held(self, collection: str) -> list[Document] | None:
        from . import read_held

        if self._open is None and "://" not in self._settings.uri and not Path(self._settings.uri).exists():
            return None  # connecting would make an empty database
        return read_held(self._connection(), collection)

    def chunks(self, collection: str, document: str) -> list[StoredChunk]:
        from . import read_chunks

        return read_chunks(self._connection(), collection, document)

    def fingerprint(self, collection: str) -> Fingerprint | None:
        from . import fingerprint_of

        return fingerprint_of(self._connection(), collection)

    def open(self, collection: str, embedder: Embedder) -> Store:
        from . import MilvusStore

        made_with = fingerprint(embedder, chunk_limits(self._settings, embedder))
        return MilvusStore.open(
            self._connection(),
            collection,
            made_with,
            index=_index(self._settings),
            damaged=self._damaged,
            changed=self._changed,
            record=self._inventory,
        )

    def open_as_made(self, collection: str) -> Store:
        from . import MilvusStore, fingerprint_of

        made_with = fingerprint_of(self._connection(), collection)
        if made_with is None:
            raise StoreError(reason("store.foreign_collection", collection=collection))
        return MilvusStore.open(
            self._connection(),
            collection,
            made_with,
            index=_index(self._settings),
            changed=self._changed,
            record=self._inventory,
        )

    def drop(self, collection: str) -> None:
        from . import drop, fingerprint_of, passages

        if self._inventory:
            self._inventory.dropped(collection)
            if fingerprint_of(self._connection(), collection):
                self._inventory.left(passages(self._connection(), collection))
        drop(self._connection(), collection)

    def close(self) -> None:
        with self._lock:
            if self._open:
                self._open.close()
                self._open = None

    def _connection(self) -> Connection:
        with self._lock:
            if self._open is None:
                self._open = connected(self._settings)
            return self._open


def connected(settings: Settings) -> Connection:
    """A connection to the Milvus of the settings. Raises StoreUnavailable or StoreLocked."""
    from . import connect

    return connect(
        settings.uri,
        token=settings.milvus_token.reveal(),
        database=settings.milvus_database,
        timeout=settings.milvus_timeout,
        certificate=settings.milvus_server_pem,
        strong=settings.milvus_consistency == "strong",
    )


def name_of(settings: Settings) -> str:
    """Name that tells the Milvus of the settings from others, the same at every start; without credentials."""
    if "://" in settings.uri:
        return f"{settings.uri.rpartition('@')[2].rpartition('://')[2].rstrip('/')}/{settings.milvus_database}"
    path, folder = Path(settings.uri).resolve(), Path(settings.data_dir).resolve()
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)


@contextmanager
def holding(
    settings: Settings,
    collection: str,
    made_with: Fingerprint | None = None,
    *,
    damaged: bool = False,
    changed: Callable[[], object] = lambda: None,
    record: Record | None = None,
) -> Iterator[tuple[MilvusStore, Fingerprint]]:
    """Open a collection as it stands, without a model; with `made_with` it is created if it is missing.

    Yields the store and the fingerprint the collection was made with.

    `changed` is called after every change of its documents, and `record` is told of each.

    Raises StoreError when it is not there and cannot be made, IndexMismatch when it was made with something else.
    """
    from . import MilvusStore, fingerprint_of

    if made_with is None and "://" not in settings.uri and not Path(settings.uri).exists():
        # Connecting would make an empty database of a slip of the pen.
        raise StoreError(reason("transfer.nothing_there", uri=settings.uri, collection=collection))
    with closing(connected(settings)) as connection:
        found = made_with or fingerprint_of(connection, collection)
        if found is None:
            where = connection.address.shown
            raise StoreError(reason("transfer.nothing_there", uri=where, collection=collection))
        index = _index(settings)
        store = MilvusStore.open(
            connection, collection, found, index=index, damaged=damaged, changed=changed, record=record
        )
        yield store, found


def elsewhere(settings: Settings, uri: str) -> Settings:
    """The settings for another Milvus. What is for servers alone is left out for an embedded database; credentials in
    the address count before those of the settings."""
    if "://" not in uri:
        path = str(Path(uri).expanduser().resolve())
        return replace(settings, milvus_uri=path, milvus_token=Secret(""), milvus_database="", milvus_server_pem="")
    token = Secret("") if "@" in uri else settings.milvus_token
    pem = settings.milvus_server_pem if uri.startswith("https://") else ""
    return replace(settings, milvus_uri=uri, milvus_token=token, milvus_server_pem=pem)


def _index(settings: Settings) -> IndexOptions:
    from . import IndexOptions

    s = settings
    return IndexOptions(
        kind=s.milvus_index,
        m=s.hnsw_m,
        ef_construction=s.hnsw_ef_construction,
        ef=s.hnsw_ef,
        nlist=s.ivf_nlist,
        nprobe=s.ivf_nprobe,
    )


def fingerprint(embedder: Embedder, limits: ChunkLimits) -> Fingerprint:
    """Fingerprint of an index made with these parts; indexes with an equal one can be compared."""
    info = embedder.info
    return Fingerprint(info.name, info.revision, embedder.dimension, limits.fingerprint, SCHEMA_VERSION)


def chunk_limits(settings: Settings, embedder: Embedder) -> ChunkLimits:
    """Limits of the chunks that documents are cut into: as set, but never longer than the embedder reads."""
    most = min(settings.chunk_tokens, embedder.max_tokens)
    return ChunkLimits(max_tokens=most, overlap_tokens=min(settings.chunk_overlap, most // 2))
