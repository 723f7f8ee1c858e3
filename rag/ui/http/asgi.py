"""The shapes of ASGI, as everything in front of the page speaks it."""

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
    """Every value of a header, in the order sent; `name` is in lower case."""
    return [v.decode("latin-1") for k, v in headers if k.lower() == name]
