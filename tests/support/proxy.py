"""A small reverse proxy as people put one in front: it changes path and host as it is told, nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Proxy:
    """What the proxy makes of a request. `host` is the browser's, the same without its port, or the target's."""

    target: str
    prefix: str = ""
    strip: bool = True
    host: Literal["kept", "no port", "target"] = "kept"
    adds: Mapping[str, str] = field(default_factory=dict)

    def rewritten(self, head: bytes) -> bytes:
        """The head of a request as the page gets it."""
        line, *headers = head.decode("latin-1").split("\r\n")
        method, path, version = line.split(" ")
        if self.strip:
            path = path.removeprefix(self.prefix) or "/"
        kept = [header for header in headers if header and not header.lower().startswith(("connection:", "host:"))]
        asked = next(header[5:].strip() for header in headers if header.lower().startswith("host:"))
        hosts = {"kept": asked, "no port": asked.split(":")[0], "target": urlsplit(self.target).netloc}
        more = [f"{name}: {value}" for name, value in self.adds.items()]
        return "\r\n".join(
            [f"{method} {path} {version}", f"host: {hosts[self.host]}", *kept, *more, "connection: close", "", ""]
        ).encode("latin-1")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, which carries one request."""
        with contextlib.suppress(asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            head = await reader.readuntil(b"\r\n\r\n")
            url = urlsplit(self.target)
            answers, asks = await asyncio.open_connection(url.hostname, url.port)
            asks.write(self.rewritten(head))
            tasks = [asyncio.ensure_future(_pass(reader, asks)), asyncio.ensure_future(_pass(answers, writer))]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            asks.close()
        writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


@contextmanager
def proxied(proxy: Proxy) -> Iterator[int]:
    """The proxy while it runs, on the port it gives; in a thread of its own, as a browser may keep this one's loop."""
    ports: queue.Queue[int] = queue.Queue()
    stops: queue.Queue[Callable[[], object]] = queue.Queue()

    async def run() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        async with await asyncio.start_server(proxy.serve, "127.0.0.1", 0) as server:
            stops.put(lambda: loop.call_soon_threadsafe(stop.set))
            ports.put(int(server.sockets[0].getsockname()[1]))
            await stop.wait()
            server.close()

    thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
    thread.start()
    try:
        yield ports.get(timeout=30)
    finally:
        stops.get(timeout=30)()
        thread.join(30)
