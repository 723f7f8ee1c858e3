"""Limit on the requests of one address that are answered at once. Runs behind the guard, which finds the address."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from rag.messages import reason

from .asgi import App, Receive, Scope, Send
from .log_once import Once
from .refusals import RequestRefused
from .visitors import address

log = logging.getLogger(__name__)


class Limits:
    """ASGI middleware. `each` is the most requests an address may have at once."""

    def __init__(self, app: App, *, each: int) -> None:
        self.app = app
        self.each = each
        self._running: Counter[str] = Counter()
        self._once = Once()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with self._counted(address(scope)):
            await self.app(scope, receive, send)

    @contextmanager
    def _counted(self, sender: str) -> Iterator[None]:
        """Count a request of an address while it lasts. Raises RequestRefused beyond the limit of the address."""
        if self._running[sender] >= self.each:
            if self._once.first():
                log.warning("requests are refused: %s has %d at once (RAG_CONNECTIONS_PER_ADDRESS)", sender, self.each)
            raise RequestRefused(429, reason("front.too_many_requests"), drain=True)
        self._running[sender] += 1
        try:
            yield
        finally:
            self._running -= Counter((sender,))
