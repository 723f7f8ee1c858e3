"""A coroutine on a thread of its own that any other thread can end."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any


class Background:
    """Runs one coroutine on the thread that calls `run`; `stop` ends it from any other, before, during or after."""

    def __init__(self, work: Callable[[], Awaitable[None]]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._cancel: Callable[[], None] | None = None
        self._stopped = False

    def run(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(self._main())

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            if self._cancel:
                self._cancel()

    async def _main(self) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        with self._lock:
            if self._stopped or task is None:
                return
            self._cancel = partial(_cancel, loop, task)
        try:
            await self._work()
        finally:
            with self._lock:
                self._cancel = None


def _cancel(loop: asyncio.AbstractEventLoop, task: asyncio.Task[Any]) -> None:
    loop.call_soon_threadsafe(task.cancel)
