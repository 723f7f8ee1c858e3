"""The device's lock as tests want it: it tells whose turns came in which order, and can wait for a crowd."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from rag.models.device import DeviceLock

DOCUMENT, QUESTION = "document", "question"
PATIENCE_S = 60
"""For threads that only have to be scheduled, on a machine that has other work."""


class TurnLog(DeviceLock):
    """Remembers the turns; once armed, the next one is held until someone else waits."""

    def __init__(self) -> None:
        super().__init__()
        self.turns: list[str] = []
        self._running = Event()
        self._armed = False

    @contextmanager
    def turn(self, *, urgent: bool) -> Iterator[None]:
        with super().turn(urgent=urgent):
            self.turns.append(QUESTION if urgent else DOCUMENT)
            if self._armed and not self._running.is_set():
                self._running.set()
                while not self.waiting:
                    Event().wait(0.001)
            yield

    def check_overtakes(self, asking: Callable[[], object], ingesting: Callable[[], object]) -> None:
        """`asking`, begun in the first turn of `ingesting`, has the second one, and the rest come after it."""
        self.turns.clear()
        self._armed = True
        ingest = Thread(target=ingesting)
        ingest.start()
        assert self._running.wait(PATIENCE_S)
        asking()
        ingest.join(PATIENCE_S)
        assert self.turns[:2] == [DOCUMENT, QUESTION]
        assert self.turns[2:].count(DOCUMENT) >= 2
