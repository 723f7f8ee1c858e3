"""The steps of opening a collection: made where it is missing, checked where it is there, indexed and loaded."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from ..errors import StoreError, StoreUnavailable
from ..messages import reason
from ..types import Fingerprint
from . import limits, schema
from .connection import Connection
from .filters import one_of
from .indexes import Index, IndexOptions, dense_index, needs_trial, sparse_index
from .trial import check_builds

log = logging.getLogger(__name__)

IDS_PER_READ = 8_000


def ensure_collections(connection: Connection, collection: str, fingerprint: Fingerprint) -> Mapping[str, Any]:
    """Create what is missing and check what is there; returns the description of the chunks' collection."""
    if connection.call("has_collection", collection_name=collection):
        description = schema.describe(connection, collection)
        schema.check_fingerprint(collection, description, fingerprint)
    else:
        fields = schema.chunk_schema(
            fingerprint.dimension,
            full_text=schema.no_full_text(connection) is None,
            is_lite=connection.is_lite,
        )
        schema.create(connection, collection, fields, schema.fingerprint_property(fingerprint))
        description = schema.describe(connection, collection)
    registry = collection + schema.REGISTRY_SUFFIX
    if not connection.call("has_collection", collection_name=registry):
        schema.create(connection, registry, schema.registry_schema(), {})
    return description


def ensure_indexes(
    connection: Connection, collection: str, options: IndexOptions, *, dimension: int, full_text: bool
) -> Index:
    """Index and load both collections; returns the dense index in use."""
    wanted = dense_index(options, connection)
    keep = options.kind == "auto"
    if not connection.is_lite and needs_trial(wanted):
        found = schema.found_index(connection, collection, schema.DENSE)
        if not found or not found.serves(wanted):
            check_builds(connection, wanted, dimension=dimension, seconds=options.trial_seconds)
    dense = schema.ensure_index(connection, collection, schema.DENSE, wanted, metric="IP", keep=keep)
    if full_text:
        sparse = sparse_index(options)
        schema.ensure_index(connection, collection, schema.SPARSE, sparse, metric="BM25", keep=False)
    registry = collection + schema.REGISTRY_SUFFIX
    schema.ensure_index(connection, registry, schema.DENSE, Index("FLAT", {}), metric="IP", keep=True)
    for name in (collection, registry):
        _load(connection, name)
        if connection.was_left_open(name):
            _write_once(connection, name)
    return dense


def _write_once(connection: Connection, collection: str) -> None:
    """Make rows that are there twice one again.

    Lite, killed between writing a data file and removing the log it came from, reads both at the next start: measured,
    the registry then listed documents twice. A row that is written again takes the place of both.
    """
    pages = connection.pages(collection_name=collection, filter="", output_fields=["id"], batch_size=IDS_PER_READ)
    times = Counter(row["id"] for page in pages for row in page)
    twice = [key for key, count in times.items() if count > 1]
    if not twice:
        return
    log.warning("%d rows of %s were there twice after a crash", len(twice), collection)
    described = schema.describe(connection, collection)
    fields = [field["name"] for field in described["fields"] if field["name"] != schema.SPARSE]
    for some in limits.groups(twice, limits.BATCH_ROWS):
        rows = connection.call(
            "query", collection_name=collection, filter=one_of("id", some), output_fields=fields, limit=4 * len(some)
        )
        unique = list({row["id"]: row for row in rows}.values())
        with connection.writing():
            connection.call("upsert", collection_name=collection, data=unique)


def _load(connection: Connection, collection: str) -> None:
    """Load a collection. Index files of Lite that cannot be read are made anew: all they hold follows from the data."""
    try:
        schema.load(connection, collection)
    except StoreUnavailable:
        raise
    except StoreError as e:
        if not connection.remove_index_files(collection):
            raise
        log.warning("the index files of %s are made anew: %s", collection, e)
        schema.load(connection, collection)


@contextmanager
def all_or_nothing(connection: Connection, collection: str) -> Iterator[None]:
    """Drop a collection again that was begun inside this context and could not be finished."""
    names = [
        name
        for name in (collection + schema.REGISTRY_SUFFIX, collection)
        if not connection.call("has_collection", collection_name=name)
    ]
    try:
        yield
    except StoreError:
        # What made the creation fail may also forbid this; the first failure is the one to tell.
        with suppress(StoreError):
            for name in names:
                schema.drop_one(connection, name)
        raise


@contextmanager
def reporting_damage(connection: Connection) -> Iterator[None]:
    """Report a refusal of an embedded database inside this context as damage.

    Opening what an earlier run wrote in the same way fails there only if the database is damaged.
    """
    try:
        yield
    except StoreError as e:
        if not connection.embedded or e.reason.code != "store.refused":
            raise
        values = {"uri": connection.address.shown, "detail": e.reason.values["detail"]}
        raise StoreError(reason("store.damaged", **values)) from e
