"""Sweeps stores in the background until nothing deleted waits in them, and tidies what was kept beside them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from itertools import count

from rag.errors import StoreError
from rag.protocols import Store

log = logging.getLogger(__name__)

PERIOD_SECONDS = 60.0
ROUNDS_PER_TIDYING = 10
"""Rounds of sweeping for each tidying beside the stores, which is rarer because it reads every registry."""

CLOSING_SECONDS = 20.0
"""Longest wait for a sweep under way: a process that ends while Milvus Lite works in it is aborted."""


class Cleanup:
    """One thread for all stores, begun when the first one needs it."""

    def __init__(self, beside: Callable[[], object] | None = None, *, period: float = PERIOD_SECONDS) -> None:
        """`beside` tidies what is kept beside the stores; it raises nothing."""
        self._beside = beside
        self._period = period
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._stores: list[Store] = []
        self._thread: threading.Thread | None = None

    def tend(self, store: Store) -> None:
        """Sweep this store every now and then, until nothing deleted is left in it."""
        with self._lock:
            if self._closed.is_set():
                return
            if store not in self._stores:
                self._stores.append(store)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="tidying", daemon=True)
                self._thread.start()

    def leave(self, store: Store) -> None:
        """Sweep this store no more."""
        with self._lock:
            self._stores = [other for other in self._stores if other is not store]

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        with self._lock:
            thread = self._thread
        if thread:
            thread.join(CLOSING_SECONDS)

    def _run(self) -> None:
        for number in count():
            if self._closed.wait(self._period):
                return
            with self._lock:
                stores = list(self._stores)
            for store in stores:
                try:
                    if not store.sweep():
                        self.leave(store)
                except StoreError as e:  # away for a while: the next round tries again
                    log.warning("not tidied: %s", e)
            if self._beside and number % ROUNDS_PER_TIDYING == 0:
                self._beside()
