"""Runs a blocking stream of events in a thread, so that a page can follow it, leave it, stop it and come back.

The stream's owner is the run, not the browser's connection: a page that reloads finds its answer or its ingest still
going on. Knows neither Gradio nor what the events mean.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Generic, ParamSpec, TypeVar

from rag.events import Cancel

log = logging.getLogger(__name__)

E = TypeVar("E")
P = ParamSpec("P")

UPDATES_PER_SECOND = 25
"""A browser redraws about 100 times a second at best; 25 looks smooth and leaves it time for everything else."""
REST = 4
"""Times what it took to draw and send a change that nothing more is drawn: with a long text, or on a busy machine,
drawing takes at most a fifth of a core for each page, and the models have the rest."""
LONGEST_REST = 0.5
"""Seconds after which the page goes on in any case."""
HEARTBEAT = 1.0
"""Seconds. A closed tab is noticed only when something is sent to it."""
STOP_PATIENCE = 1.5
"""Seconds a follower waits for a stopped run to end by itself, so that its own last event can still be shown."""


async def changes(
    version: Callable[[], int],
    active: Callable[[], bool],
    *,
    per_second: float,
    now: Callable[[], float] = time.monotonic,
    rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[bool]:
    """Yield True when `version` has grown, at most `per_second` times a second, and False as heartbeat.

    What the caller does with a change is taken to be drawing it: while that is slow they come less often. Ends once
    `active` is False, after announcing the last change.
    """
    seen, sent_at = -1, now()
    while True:
        goes_on, took = active(), 0.0
        if version() != seen:
            seen, sent_at = version(), now()
            yield True
            took = now() - sent_at
        elif now() - sent_at > HEARTBEAT:
            sent_at = now()
            yield False
        if not goes_on:
            return
        due = now() + min(REST * took, LONGEST_REST)
        await rest(1 / per_second)
        while now() < due and active():
            await rest(1 / per_second)


async def drawn(draw: Callable[P, E], *args: P.args, **kwargs: P.kwargs) -> E:
    """Return the result of `draw`, run in a thread: long texts take seconds; the event loop serves others meanwhile."""
    return await asyncio.to_thread(draw, *args, **kwargs)


class Run(Generic[E]):
    """One stream of events in a thread of its own.

    `apply` is called in that thread for every event, `failed` once with the error that ended the stream, `ended` last
    of all, however it went. With `linger` seconds given, a run that nobody follows for so long is cancelled.
    """

    def __init__(
        self,
        events: Callable[[Cancel], Iterable[E]],
        *,
        apply: Callable[[E], None],
        failed: Callable[[Exception], None],
        ended: Callable[[], None],
        linger: float | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.cancel = Cancel()
        self.version = 0
        """Grows with every event; a follower compares it with what it last saw."""
        self._events = events
        self._apply = apply
        self._failed = failed
        self._ended = ended
        self._linger = linger
        self._now = now
        self._seen = now()
        self._stopped_at: float | None = None
        self._thread = threading.Thread(target=self._consume, name="run", daemon=True)

    def start(self) -> Run[E]:
        self._thread.start()
        return self

    @property
    def active(self) -> bool:
        """True while it runs, unless it was stopped so long ago that waiting for its end is pointless."""
        return self.lasts(STOP_PATIENCE)

    def lasts(self, patience: float | None) -> bool:
        """True while it runs; with `patience`, False once it was stopped that many seconds ago."""
        if not self._thread.is_alive():
            return False
        return patience is None or self._stopped_at is None or self._now() - self._stopped_at < patience

    @property
    def stopped(self) -> bool:
        """True once it was asked to end; the end may take a moment."""
        return self._stopped_at is not None

    def stop(self) -> None:
        """Cancel the stream. Returns at once, without waiting for its end."""
        if self._stopped_at is None:
            self._stopped_at = self._now()
        self.cancel.cancel()

    def announce(self) -> None:
        """Tell followers of a change that was no event of the stream."""
        self.version += 1

    async def follow(
        self, *, per_second: float = UPDATES_PER_SECOND, patience: float | None = STOP_PATIENCE
    ) -> AsyncIterator[bool]:
        """Yield True when there is something new, at most `per_second` times a second, and False as heartbeat.

        Ends when the run does, after announcing the last change; or `patience` seconds after it was stopped.
        """

        def active() -> bool:
            self._seen = self._now()
            return self.lasts(patience)

        async for news in changes(lambda: self.version, active, per_second=per_second, now=self._now):
            yield news

    def join(self, timeout: float | None = None) -> None:
        """Wait for the thread; for shutting down and for tests."""
        self._thread.join(timeout)

    def _consume(self) -> None:
        try:
            for event in self._events(self.cancel):
                self._apply(event)
                self.version += 1
                if self._linger is not None and self._now() - self._seen > self._linger:
                    self.stop()
        except Exception as e:  # a thread has no caller to raise to: `failed` puts it before the user
            self._failed(e)
        finally:
            self._ended()
            self.version += 1
