"""Streamed answers: an exception of Gradio for a client that left, or that waits for nothing, is no error."""

from __future__ import annotations

import logging

from .asgi import App, Message, Receive, Scope, Send
from .routes import route_of

log = logging.getLogger(__name__)


class Streams:
    """ASGI middleware around the routes that stream."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not route_of(scope).streams:
            await self.app(scope, receive, send)
            return
        answer = _Answer(send)
        try:
            await self.app(scope, receive, answer.send)
        except (RuntimeError, KeyError):
            # Of a stream that nobody waits for any more, or that never was: Gradio has said so in the stream itself.
            if not answer.started:
                raise
            log.debug("a stream ended early: %s", scope["path"], exc_info=True)
            await send({"type": "http.response.body", "body": b""})


class _Answer:
    """An answer that notes if it has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def send(self, message: Message) -> None:
        self.started = True
        await self._send(message)
