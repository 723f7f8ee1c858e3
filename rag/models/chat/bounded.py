"""HTTP replies that cannot grow without end: an error body is cut, a stream's event may only be so long."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx2

LONGEST_ERROR = 1_000_000
"""Bytes of an error body that are read; what a person can use of it stands in the first thousand."""
LONGEST_EVENT = 8_000_000
"""Bytes of one event of a stream, which is kept in memory until it is whole: a million characters, all escaped."""
EVENT_ENDS = (b"\n\n", b"\r\n\r\n", b"\r\r")
DONE = re.compile(rb"[\r\n]data: ?\[DONE\]")
LONGEST_DONE = len(b"\ndata: [DONE]")


class EndlessEvent(ValueError):
    """An event of a stream is longer than anybody's answer."""


async def bound(response: httpx2.Response) -> None:
    """A hook for a client's responses."""
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    response.stream = _Bounded(response.stream, is_error=response.is_error)


def said_done(response: httpx2.Response) -> bool:
    """True once a bounded stream said that it has come to its end."""
    return isinstance(response.stream, _Bounded) and response.stream.done


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream, *, is_error: bool) -> None:
        self._inner = inner
        self._is_error = is_error
        self.done = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        data = aiter(self._inner)
        return _cut(data) if self._is_error else self._checked(data)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _checked(self, data: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Raises EndlessEvent."""
        length, tail = 0, b"\n"
        async for piece in data:
            length = 0 if any(end in piece for end in EVENT_ENDS) else length + len(piece)
            if length > LONGEST_EVENT:
                raise EndlessEvent(f"an event of more than {LONGEST_EVENT} bytes")
            self.done = self.done or bool(DONE.search(tail + piece))
            tail = (tail + piece)[-LONGEST_DONE:]
            yield piece


async def _cut(data: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    left = LONGEST_ERROR
    async for piece in data:
        yield piece[:left]
        left -= len(piece)
        if left <= 0:
            return
