"""Types of ASGI and helpers for its headers and bodies, used by everything in front of the page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


def values(headers: Headers, name: bytes) -> list[str]:
    """All values of a header, in the order sent; `name` is in lower case."""
    return [v.decode("latin-1") for k, v in headers if k.lower() == name]


def replaced(headers: Headers, new: Headers) -> Headers:
    """The headers with `new` in place of those of the same names."""
    names = {name for name, _ in new}
    return [(k, v) for k, v in headers if k.lower() not in names] + new


def announced(scope: Scope) -> int | None:
    """Length of the body in bytes as announced by the client; None where it announces no single valid one."""
    said = values(scope["headers"], b"content-length")
    return int(said[0]) if len(said) == 1 and said[0].isdecimal() and said[0].isascii() else None


def replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that returns the whole body first, then calls the given one."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again
