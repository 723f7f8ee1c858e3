"""Ingests that may be killed at any moment. Run as a program it forks one for each line it is given, as its libraries
take a second to load; see test_killed_ingest.

    {"path": …, "files": {…}, "seconds": …}  ->  ["name", "outcome"] … ["", exit code]
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from threading import Timer

import milvus_lite.server_manager  # noqa: F401 - loaded before the fork; nothing here is connected then
import pymilvus  # noqa: F401

from rag.chunking import ChunkLimits
from rag.events import Cancel
from rag.ingest import Ingest
from rag.store import MilvusStore, connect
from rag.types import Source

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
    """Ingest `files`, telling each outcome, and be killed `seconds` after the store was opened."""
    store = MilvusStore.open(connect(path), "kb", FINGERPRINT)
    killer = Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL))
    killer.daemon = True
    killer.start()
    for told in ingest(store, files):
        tell(told)
    store.close()
    os._exit(0)


def tell(told: tuple[str, str | int]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def main() -> None:
    os.environ["MILVUS_LITE_MEMTABLE_MEMORY_LIMIT_BYTES"] = MEMTABLE_BYTES
    for line in sys.stdin:
        child = os.fork()
        if not child:
            ingest_and_die(**json.loads(line))
        _, status = os.waitpid(child, 0)
        tell(("", os.waitstatus_to_exitcode(status)))


if __name__ == "__main__":
    main()
