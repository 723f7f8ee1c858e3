"""Functions that read a collection, or drop it, without opening it: before the models are known, and for diagnosis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..errors import StoreError
from ..messages import Reason, reason
from ..types import Document, Fingerprint, StoredChunk
from . import limits, schema
from .connection import Connection
from .opening import reporting_damage
from .reading import Census, CollectionReader
from .registry import Registry, RegistryRow
from .rows import chunk_fields

NAMES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class StoreReport:
    """The state of a connection and of one collection on it."""

    uri: str
    version: str
    is_lite: bool
    full_text: Reason | None
    """Reason why the server has no full-text search, None when it has."""
    exists: bool
    fingerprint: Fingerprint | None
    index: str
    """Type of the dense index, "" without one."""
    documents: int
    chunks: int
    """Chunks of the committed documents."""
    rows: int
    """Rows in the collection: more than `chunks` while a change is under way or after one was cut off."""
    damage: Reason | None = None
    """Reason that names what an embedded database has lost, None when nothing is missing."""
    pending: int = 0
    """Rows a server has not brought into the dense index yet; it compares these one by one."""
    spare: int = 0
    """Rows beyond those of committed documents, below 0 when some are missing; 0 while a change is under way."""
    census: Census | None = None
    """Result of a look at every row; None without one."""


def read_documents(connection: Connection, collection: str) -> list[Document]:
    """The committed documents by name, whatever the collection was made with; none when there is no collection."""
    limits.check_collection(collection)
    entries = _entries(connection, collection)
    return sorted((entry.document for entry in entries if entry.present), key=lambda document: document.name)


def read_held(connection: Connection, collection: str) -> list[Document] | None:
    """The documents that are there or can be restored still; None when there is no collection."""
    limits.check_collection(collection)
    registry = collection + schema.REGISTRY_SUFFIX
    with connection.reading():
        if not connection.call("has_collection", collection_name=registry):
            return None
        entries = Registry(connection, registry).all()
    return [entry.document for entry in entries if entry.committed]


def read_chunks(connection: Connection, collection: str, document: str) -> list[StoredChunk]:
    """The committed chunks of one document, in order, whatever the collection was made with; none without any."""
    limits.check_collection(collection)
    registry = collection + schema.REGISTRY_SUFFIX
    with connection.reading():
        if not connection.call("has_collection", collection_name=registry):
            return []
        fields = chunk_fields(schema.describe(connection, collection))
    # dimension 0: no vector is read
    reader = CollectionReader(connection, collection, Registry(connection, registry), dimension=0, fields=fields)
    return reader.chunks(document)


def fingerprint_of(connection: Connection, collection: str) -> Fingerprint | None:
    """Fingerprint the collection was made with, None when there is no such collection or it is not one of ours."""
    limits.check_collection(collection)
    with connection.reading():
        if not connection.call("has_collection", collection_name=collection):
            return None
        return schema.read_fingerprint(schema.describe(connection, collection))


def drop(connection: Connection, collection: str) -> None:
    """Remove the collection with its registry, documents and all. No harm when it is not there."""
    limits.check_collection(collection)
    with connection.changes:
        # The registry first: should this be cut off here, no document is left half visible.
        schema.drop_one(connection, collection + schema.REGISTRY_SUFFIX)
        schema.drop_one(connection, collection)


def diagnose(connection: Connection, collection: str, *, deep: bool = False) -> StoreReport:
    """Look at everything a person would want to know when something is wrong. Changes nothing.

    `deep` looks at every row, which takes a minute for 100,000 of them.
    """
    limits.check_collection(collection)
    with reporting_damage(connection):
        return _diagnosis(connection, collection, deep=deep)


def _diagnosis(connection: Connection, collection: str, *, deep: bool) -> StoreReport:
    with connection.reading():
        exists = bool(connection.call("has_collection", collection_name=collection))
        dense = schema.found_index(connection, collection, schema.DENSE) if exists else None
        rows = _count(connection, collection) if exists else 0
    entries = _entries(connection, collection)
    documents = [entry.document for entry in entries if entry.present]
    under_way = any(entry.leftover for entry in entries)
    spare = 0 if under_way else rows - sum(entry.document.chunks for entry in entries if entry.committed)
    census = None
    if exists and (deep or (connection.embedded and spare < 0)):
        registry = Registry(connection, collection + schema.REGISTRY_SUFFIX)
        census = CollectionReader(connection, collection, registry, dimension=0).census()
    return StoreReport(
        uri=connection.address.shown,
        version=connection.version,
        is_lite=connection.is_lite,
        full_text=schema.no_full_text(connection),
        exists=exists,
        fingerprint=fingerprint_of(connection, collection) if exists else None,
        index=dense.type if dense else "",
        documents=len(documents),
        chunks=sum(document.chunks for document in documents),
        rows=rows,
        damage=lost_chunks(connection, census.incomplete) if census and census.incomplete else None,
        pending=int(dense.params.get("pending_index_rows", 0)) if dense else 0,
        spare=spare,
        census=census,
    )


def _entries(connection: Connection, collection: str) -> list[RegistryRow]:
    """Every entry of the collection's registry, none when there is no registry."""
    registry = collection + schema.REGISTRY_SUFFIX
    with connection.reading():
        if not connection.call("has_collection", collection_name=registry):
            return []
        return Registry(connection, registry).all()


def refuse_lost(
    connection: Connection, collection: str, documents: Sequence[Document], census: Callable[[], Census]
) -> None:
    """Raise StoreError when documents have lost chunks. The exact count is taken on suspicion alone: it is slow."""
    with connection.reading():
        enough = _count(connection, collection) >= sum(document.chunks for document in documents)
    if not enough and (lost := census().incomplete):
        raise StoreError(lost_chunks(connection, lost))


def lost_chunks(connection: Connection, lost: Sequence[Document]) -> Reason:
    """The sentence that names documents without some of their chunks."""
    names = ", ".join(document.name for document in lost[:NAMES_SHOWN])
    more = ", …" if len(lost) > NAMES_SHOWN else ""
    return reason("store.chunks_lost", uri=connection.address.shown, count=len(lost), names=f"{names}{more}")


def _count(connection: Connection, collection: str) -> int:
    """Rows of a collection. Servers' statistics still hold deleted rows; counting on Lite would read every vector."""
    if connection.is_lite:
        return int(connection.call("get_collection_stats", collection_name=collection)["row_count"])
    counted = connection.call(
        "query", collection_name=collection, filter="", output_fields=["count(*)"], consistency_level="Strong"
    )
    return int(counted[0]["count(*)"])
