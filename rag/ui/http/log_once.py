"""Logs repeated events once: for our own log lines, and as a filter for those of libraries."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

QUIET_SECONDS = 60.0
"""Seconds without a repetition, after which the next one is logged again."""
REPEATED: Mapping[str, tuple[str, ...]] = {
    "asyncio": ("socket.accept() out of system resource",),
    "uvicorn.error": ("Invalid HTTP request received.", "Unsupported upgrade request."),
}
"""Logger -> beginnings of messages it repeats whenever a client does the same thing again."""


class Once:
    """Tells the first of many from the others. Safe for many threads."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._last: float | None = None

    def first(self) -> bool:
        """Note that it happened; return True for the first time after `QUIET_SECONDS` without it."""
        with self._lock:
            before, self._last = self._last, self._now()
            return before is None or self._last - before >= QUIET_SECONDS


class OnceFilter(logging.Filter):
    """Passes messages with one of the given beginnings once in a while, and every other message always."""

    def __init__(self, beginnings: tuple[str, ...], *, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._known = {beginning: Once(now=now) for beginning in beginnings}

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        return next((once.first() for start, once in self._known.items() if said.startswith(start)), True)


def install() -> None:
    """Add the filter to the loggers of the libraries below the page. Called once, when the page is launched."""
    for name, beginnings in REPEATED.items():
        logger = logging.getLogger(name)
        if not any(isinstance(known, OnceFilter) for known in logger.filters):
            logger.addFilter(OnceFilter(beginnings))
