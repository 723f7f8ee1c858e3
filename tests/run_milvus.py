"""Run by the Python that has `milvus` (see milvus_server.py): one Milvus server, until standard input ends.

    python run_milvus.py FOLDER '{"proxy_port": 19530, …}' '{"common.session.ttl": 10}'

Prints one JSON line with the ports in use and the process. Ports not given are any free ones: by itself the package
takes fixed ports, and silently the next one where a port is taken.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
from typing import Any

from milvus import MilvusServer, MilvusServerConfig

HEALTH = "health_port"


def free_ports(names: list[str]) -> dict[str, int]:
    """A free port for each name; all are held until all are found, so that no two are equal."""
    with contextlib.ExitStack() as held:
        found = {}
        for name in names:
            listener = held.enter_context(socket.create_server(("127.0.0.1", 0)))
            found[name] = listener.getsockname()[1]
    return found


class Config(MilvusServerConfig):  # type: ignore[misc]
    """Looks for a free port as the server binds it: one whose last connections are still fading out is free."""

    def try_bind_port(self, port: int) -> socket.socket | None:
        try:
            return socket.create_server(("127.0.0.1", port))
        except OSError:
            return None


def main(folder: str, given: str, extra: str) -> None:
    known = [name for name in MilvusServerConfig().configurable_items if name.endswith("_port")]
    ports: dict[str, int] = {**free_ports([*known, HEALTH]), **json.loads(given)}
    config = Config(**{name: ports[name] for name in known})
    options: dict[str, Any] = json.loads(extra)
    for name, value in options.items():
        config.set(name, value)
    server = MilvusServer(config)
    server.set_base_dir(folder)
    server.webservice_port = ports[HEALTH]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        server.start()
        ports["proxy_port"] = server.listen_port
        print(json.dumps({"ports": ports, "process": server.server_proc.pid}), flush=True)
        sys.stdin.read()
    finally:
        if server.server_proc:
            # A process that was stopped would not hear a gentler signal.
            with contextlib.suppress(ProcessLookupError):
                os.kill(server.server_proc.pid, signal.SIGKILL)
            server.server_proc.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
