"""Files to Markdown in a process of its own, as the app does it: one process for all the files of a test run."""

from __future__ import annotations

import atexit
from functools import cache

from rag.documents.worker import WorkerReader
from rag.events import Cancel


@cache
def _reader() -> WorkerReader:
    reader = WorkerReader()
    atexit.register(reader.close)
    return reader


def converted(kind: str, data: bytes) -> str:
    """The Markdown of a file. Raises DocumentRefused."""
    return _reader().text(kind, data, cancel=Cancel())
