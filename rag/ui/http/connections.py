"""Connections, limited in number and in time: a client that opens hundreds, or opens one and sends nothing, must not
use up what the others need. Works below requests, as some connections never send one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from .log_once import Once

log = logging.getLogger(__name__)

MOST_CONNECTIONS = 2000
"""Most connections, even where the system allows more: each costs memory."""
SHARE_OF_FILES = 0.5
"""Share of the files the process may have open; the rest is for documents, databases and models."""
SHARE_OF_ADDRESS = 0.75
"""Share of all connections that one address may have; it never has all of them."""
HEAD_SECONDS = 15.0
"""Seconds for a request's head. It comes in one piece; only a client that wants to hold a connection sends drops."""
BODY_SECONDS = 60.0
"""Seconds without a single byte of an upload, over the slowest line."""
ANSWER_SECONDS = 60.0
"""Seconds in which the client reads nothing of an answer that is ready."""
ACCEPTED_AT_ONCE = 64
"""Connections accepted before their number is checked again."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits on the number of connections, and on the seconds one may keep others waiting."""

    total: int = MOST_CONNECTIONS
    each: int = 256
    """Most connections from one address."""
    head_seconds: float = HEAD_SECONDS
    body_seconds: float = BODY_SECONDS
    answer_seconds: float = ANSWER_SECONDS

    @classmethod
    def of(cls, each: int, files: int) -> Bounds:
        """Bounds with at most `each` from one address, for a process that may have `files` files open."""
        total = max(4, min(MOST_CONNECTIONS, int(files * SHARE_OF_FILES)))
        return cls(total, max(1, min(each, int(total * SHARE_OF_ADDRESS))))


class HttpConnection(Protocol):
    """A connection as `Connections` sees it."""

    address: str

    @property
    def idle(self) -> bool:
        """True while no request is being answered on it."""

    def drop(self) -> None:
        """Close it at once."""


class Connections:
    """All connections of one server. Belongs to the server's event loop, so it needs no lock.

    `shared` returns True for the address of a proxy, whose clients are told apart by what it forwards.
    """

    def __init__(
        self,
        bounds: Bounds,
        *,
        shared: Callable[[str], bool] = lambda address: False,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.bounds = bounds
        self._shared = shared
        self._open: dict[HttpConnection, None] = {}
        """Open connections, ordered by their last sign of life."""
        self._count: Counter[str] = Counter()
        self._once = Once(now=now)

    def __len__(self) -> int:
        return len(self._open)

    def enter(self, new: HttpConnection) -> bool:
        """Return True if a new connection may stay; at a limit, the idle one silent longest is closed to make room."""
        if not self._shared(new.address) and self._count[new.address] >= self.bounds.each:
            fits = self._make_room(new.address)
        elif len(self._open) >= self.bounds.total:
            fits = self._make_room(self._count.most_common(1)[0][0])
        else:
            fits = True
        if fits:
            self._open[new] = None
            self._count[new.address] += 1
        elif self._once.first():
            message = "connections are refused: %s has %d open, %d are open in all (RAG_CONNECTIONS_PER_ADDRESS)"
            log.warning(message, new.address or "a client", self._count[new.address], len(self._open))
        return fits

    def used(self, known: HttpConnection) -> None:
        """Note a sign of life of a connection."""
        if known in self._open:
            del self._open[known]
            self._open[known] = None

    def leave(self, gone: HttpConnection) -> None:
        """Remove a closed connection. Does nothing if it was never entered."""
        if gone in self._open:
            del self._open[gone]
            self._count -= Counter((gone.address,))

    def _make_room(self, address: str) -> bool:
        idle = next((c for c in self._open if c.address == address and c.idle), None)
        if idle is None:
            return False
        self.leave(idle)
        idle.drop()
        return True


class BoundedConnection(H11Protocol):
    """uvicorn's connection, counted; closed if a head or an announced body does not come, or an answer is not read."""

    def __init__(self, *args: Any, connections: Connections, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.address = ""
        self._connections = connections
        self._awaited = ""
        """Part of a request that must come now: "head" or "body"; "" for none."""
        self._late: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def drop(self) -> None:
        self.transport.abort()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        if self._connections.enter(self):
            self._await("head", self._connections.bounds.head_seconds)
        else:
            self.drop()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.leave(self)
        self._await("", 0)
        self._read_on()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._connections.used(self)
        if self.transport.is_closing():
            return
        state, bounds = self.conn.their_state, self._connections.bounds
        if state is h11.SEND_BODY:
            self._await("body", bounds.body_seconds)
        elif state is not h11.IDLE:
            self._await("", 0)
        elif self._awaited != "head":  # a drop more of the same head wins no time
            self._await("head", bounds.head_seconds)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._await("", 0)  # from here on the keep-alive timer counts

    def pause_writing(self) -> None:
        """Start the timer of an answer that the client does not read."""
        super().pause_writing()
        self._read_on()
        self._unread = self.loop.call_later(self._connections.bounds.answer_seconds, self.drop)

    def resume_writing(self) -> None:
        self._read_on()
        super().resume_writing()

    def _read_on(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
        self._unread = None

    def _should_upgrade(self) -> bool:
        return False  # the page uses no web sockets, and one would be out of sight here

    def _await(self, what: str, seconds: float) -> None:
        if self._late is not None:
            self._late.cancel()
        self._awaited = what
        self._late = self.loop.call_later(seconds, self._give_up) if what else None

    def _give_up(self) -> None:
        if self._awaited == "body" and self.flow.read_paused:  # it is the server that does not read on
            self._await("body", self._connections.bounds.body_seconds)
        elif not self.transport.is_closing():
            self.drop()


def bound(server: uvicorn.Server, connections: Connections) -> None:
    """Count and limit the connections of a running server from now on. Called from outside its event loop."""
    loop = server.servers[0].get_loop()
    asyncio.run_coroutine_threadsafe(_listen_anew(server, connections), loop).result()


async def _listen_anew(server: uvicorn.Server, connections: Connections) -> None:
    def connection() -> BoundedConnection:
        return BoundedConnection(server.config, server.server_state, server.lifespan.state, connections=connections)

    loop, old = asyncio.get_running_loop(), list(server.servers)
    doors = [door.dup() for listening in old for door in listening.sockets]
    server.servers = [await loop.create_server(connection, sock=door, backlog=ACCEPTED_AT_ONCE) for door in doors]
    for listening in old:
        listening.close()
    for early in list(server.server_state.connections):
        early.shutdown()  # after its answer: the next request comes on one that is counted


def files_allowed() -> int:
    """Return how many files the process may have open, after raising that limit as far as the system allows."""
    try:
        import resource
    except ImportError:  # Windows
        return 2 * MOST_CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * MOST_CONNECTIONS if hard == resource.RLIM_INFINITY else min(hard, 4 * MOST_CONNECTIONS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
        except (ValueError, OSError):  # as on macOS, where another limit is lower
            pass
    return 4 * MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else soft
