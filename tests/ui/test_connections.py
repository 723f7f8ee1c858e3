"""Connections counted, without a server: who may stay, who makes room, and what the log says of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
import uvicorn

from rag.ui.http.connections import BoundedConnection, Bounds, Connections
from rag.ui.http.log_once import QUIET_SECONDS, OnceFilter


@dataclass(eq=False)
class Wire:
    """A connection that remembers having been closed."""

    address: str = "a"
    idle: bool = True
    dropped: list[bool] = field(default_factory=list)

    def drop(self) -> None:
        self.dropped.append(True)


def test_the_idle_connection_silent_longest_makes_room() -> None:
    kept = Connections(Bounds(total=10, each=3))
    wires = [Wire(idle=False), Wire(), Wire()]
    assert all(kept.enter(wire) for wire in wires)
    kept.used(wires[1])
    assert kept.enter(Wire())
    assert [bool(wire.dropped) for wire in wires] == [False, False, True]


def test_an_address_with_its_share_of_busy_connections_gets_no_more_and_others_do() -> None:
    kept = Connections(Bounds(total=10, each=3))
    busy = [Wire(idle=False) for _ in range(3)]
    assert [kept.enter(wire) for wire in busy] == [True] * 3
    assert not kept.enter(Wire())
    assert kept.enter(Wire("b"))
    kept.leave(busy[0])
    kept.leave(busy[0])
    assert kept.enter(Wire())
    assert len(kept) == 4


def test_a_trusted_proxy_is_bounded_in_all_only() -> None:
    kept = Connections(Bounds(total=5, each=2), shared=lambda address: address == "proxy")
    assert [kept.enter(Wire("proxy", idle=False)) for _ in range(6)] == [True] * 5 + [False]


def test_when_all_places_are_taken_the_greediest_address_makes_room() -> None:
    kept = Connections(Bounds(total=4, each=3))
    greedy, modest = [Wire("g") for _ in range(3)], Wire("m")
    for wire in (modest, *greedy):
        kept.enter(wire)
    assert kept.enter(Wire("n"))
    assert not modest.dropped
    assert greedy[0].dropped


def test_a_flood_is_said_once_and_the_next_one_again(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    kept = Connections(Bounds(total=4, each=1), now=lambda: now[0])
    kept.enter(Wire(idle=False))
    for _ in range(500):
        kept.enter(Wire(idle=False))
        now[0] += 1.0
    assert len(caplog.records) == 1
    now[0] += QUIET_SECONDS
    kept.enter(Wire(idle=False))
    assert len(caplog.records) == 2


def test_what_libraries_say_of_every_single_one_is_said_once() -> None:
    once = OnceFilter(("socket.accept() out of system resource",), now=lambda: 0.0)

    def passes(message: str) -> bool:
        return bool(once.filter(logging.LogRecord("asyncio", logging.ERROR, "", 0, message, None, None)))

    assert [passes("socket.accept() out of system resource\n…") for _ in range(3)] == [True, False, False]
    assert [passes("something else") for _ in range(2)] == [True, True]


@pytest.mark.parametrize(("files", "total", "each"), [(256, 128, 96), (1024, 512, 256), (10**6, 2000, 256)])
def test_connections_leave_files_for_everything_else(files: int, total: int, each: int) -> None:
    assert Bounds.of(256, files) == Bounds(total, each)


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HT", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf"],
    ids=["nothing", "half a head", "half a body"],
)
def test_a_connection_that_keeps_others_waiting_is_closed(sent: bytes) -> None:
    async def closed() -> bytes:
        config = uvicorn.Config(waiting, lifespan="off", log_config=None)
        config.load()
        server = uvicorn.Server(config)
        kept = Connections(Bounds(head_seconds=0.05, body_seconds=0.05))
        loop = asyncio.get_running_loop()
        listening = await loop.create_server(
            lambda: BoundedConnection(config, server.server_state, {}, connections=kept), "127.0.0.1", 0
        )
        reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
        writer.write(sent)
        try:
            said = await asyncio.wait_for(reader.read(), 60)
        except ConnectionResetError:
            said = b""
        writer.close()
        listening.close()
        assert len(kept) == 0
        return said

    assert asyncio.run(closed()) == b""


def test_a_connection_whose_answer_is_never_read_is_closed() -> None:
    kept = Connections(Bounds(answer_seconds=0.05))

    async def endless(scope: object, receive: object, send: Callable[[object], Awaitable[None]]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while len(kept):
            await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
            await asyncio.sleep(0)

    async def served() -> None:
        config = uvicorn.Config(endless, lifespan="off", log_config=None)
        config.load()
        server = uvicorn.Server(config)
        loop = asyncio.get_running_loop()
        listening = await loop.create_server(
            lambda: BoundedConnection(config, server.server_state, {}, connections=kept), "127.0.0.1", 0
        )
        _, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport of sockets can
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        while not server.server_state.tasks:
            await asyncio.sleep(0)
        await asyncio.gather(*server.server_state.tasks)
        writer.transport.abort()
        listening.close()

    asyncio.run(asyncio.wait_for(served(), 60))
    assert len(kept) == 0


async def waiting(scope: object, receive: object, send: object) -> None:
    """An application that reads its request to the end, however that comes."""
    assert callable(receive)
    while (await receive())["type"] == "http.request":
        pass
