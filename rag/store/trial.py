"""A trial that shows whether a server really builds an index.

Measured on Milvus 2.3.5 from PyPI: it takes DISKANN, reports a build under way for ever, and searches every vector one
by one meanwhile. A collection has one index for its vectors, so the former one is gone by the time that shows. Hence a
trial beside it, over vectors of no meaning, before anything is changed.
"""

from __future__ import annotations

import time
from contextlib import suppress
from uuid import uuid4

import numpy as np

from ..errors import StoreError
from ..messages import reason
from . import limits, schema
from .connection import Connection
from .indexes import Index

ROWS = 2_048
"""Servers build no index for fewer than 1,024 rows of a shard; the collection of the trial has one."""

PREFIX = "plainsight_trial_"
PAUSE_SECONDS = 0.5


def check_builds(connection: Connection, wanted: Index, *, dimension: int, seconds: float) -> None:
    """Raise StoreError unless the server builds `wanted` over some vectors within `seconds`. Leaves nothing behind."""
    name = PREFIX + uuid4().hex[:12]
    try:
        _fill(connection, name, dimension)
        schema.ensure_index(connection, name, schema.DENSE, wanted, metric="IP", keep=False)
        deadline = time.monotonic() + seconds
        while _indexed(connection, name) < ROWS:
            if time.monotonic() > deadline:
                raise StoreError(
                    reason("store.index_not_built", uri=connection.address.shown, type=wanted.type, seconds=seconds)
                )
            time.sleep(PAUSE_SECONDS)
    finally:
        with suppress(StoreError):  # what went wrong before is the one to tell
            schema.drop_one(connection, name)


def _fill(connection: Connection, name: str, dimension: int) -> None:
    with connection.writing():
        connection.call(
            "create_collection",
            collection_name=name,
            schema=schema.trial_schema(dimension),
            num_shards=1,
            timeout=connection.loading_seconds,
        )
    vectors = np.random.default_rng(0).standard_normal((ROWS, dimension), dtype=np.float32)
    for some in limits.groups(range(ROWS), limits.BATCH_ROWS):
        with connection.writing():
            data = [{"id": number, schema.DENSE: vectors[number]} for number in some]
            connection.call("insert", collection_name=name, data=data)
    with connection.writing():
        connection.call("flush", collection_name=name, timeout=connection.loading_seconds)


def _indexed(connection: Connection, name: str) -> int:
    found = schema.found_index(connection, name, schema.DENSE)
    return int(found.params.get("indexed_rows", 0)) if found else 0
