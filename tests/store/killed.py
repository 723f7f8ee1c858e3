"""Ingests that may be killed at any moment: the program of test_killed_ingest, see `tests.support.forking`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

import milvus_lite.server_manager  # noqa: F401 - loaded before the fork; nothing here is connected then
import pymilvus  # noqa: F401

from rag.documents.chunking import ChunkLimits
from rag.events import Cancel
from rag.knowledge.ingest import Ingest
from rag.store import MilvusStore, connect
from rag.types import Source
from tests.support.forking import kill_in, serve, tell

from .corpus import EMBEDDER, FINGERPRINT

LIMITS = ChunkLimits(max_tokens=40, overlap_tokens=0)
MEMTABLE_BYTES = "40000"
"""So small that data files are written and merged within every run."""


def ingest(store: MilvusStore, files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Name and outcome of every file, as they come."""
    sources = [Source(name, text.encode()) for name, text in files.items()]
    run = Ingest(store, EMBEDDER, limits=LIMITS, detect=lambda _: "en")
    for event in run.run(sources, cancel=Cancel()):
        if event.outcome:
            yield event.name, str(event.outcome)


def ingest_and_die(path: str, files: Mapping[str, str], seconds: float) -> None:
    """Ingest `files`, telling each name acknowledged, and be killed `seconds` after the store was opened."""
    store = MilvusStore.open(connect(path), "kb", FINGERPRINT)
    kill_in(seconds)
    for name, _ in ingest(store, files):
        tell(name)
    store.close()


if __name__ == "__main__":
    os.environ["MILVUS_LITE_MEMTABLE_MEMORY_LIMIT_BYTES"] = MEMTABLE_BYTES
    serve(ingest_and_die)
