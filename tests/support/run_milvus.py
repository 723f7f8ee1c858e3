"""Run by the Python that has `milvus` (see milvus_server.py): one Milvus server, until standard input ends.

    python run_milvus.py FOLDER '{"proxy_port": 19530, …}' '{"common.session.ttl": 10}'

Prints one JSON line with the ports in use and the process. Ports not given are any free ones: by itself the package
takes fixed ports, and silently the next one where a port is taken; the etcd inside has two more, which only a file of
its own moves.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from milvus import MilvusServer, MilvusServerConfig

HEALTH, CLIENTS, PEERS = "health_port", "clients_port", "peers_port"
PORTS = range(12_000, 32_000)
"""Below those that are lent to outgoing connections, which could take one again before the server does."""


def listening(port: int) -> socket.socket | None:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError:
        return None


def free_ports(names: list[str]) -> dict[str, int]:
    """A free port for each name; all are held until all are found, so that no two are equal."""
    with contextlib.ExitStack() as held:
        found: list[int] = []
        for port in random.sample(PORTS, len(PORTS)):
            if len(found) == len(names):
                break
            if listener := listening(port):
                held.enter_context(listener)
                found.append(port)
    return dict(zip(names, found, strict=True))


class Config(MilvusServerConfig):  # type: ignore[misc]
    """Looks for a free port as the server binds it: one whose last connections are still fading out is free."""

    def try_bind_port(self, port: int) -> socket.socket | None:
        return listening(port)


class Server(MilvusServer):  # type: ignore[misc]
    """Not waited for once its process has ended."""

    @property
    def running(self) -> bool:
        return self.server_proc is not None and self.server_proc.poll() is None


def etcd_settings(clients: int, peers: int) -> dict[str, str]:
    """Where the etcd inside the server listens."""
    ours, others = (f"http://127.0.0.1:{port}" for port in (clients, peers))
    return {
        "name": "default",
        "listen-client-urls": ours,
        "advertise-client-urls": ours,
        "listen-peer-urls": others,
        "initial-advertise-peer-urls": others,
        "initial-cluster": f"default={others}",
    }


def main(folder: str, given: str, extra: str) -> None:
    known = [name for name in MilvusServerConfig().configurable_items if name.endswith("_port")]
    ports: dict[str, int] = {**free_ports([*known, HEALTH, CLIENTS, PEERS]), **json.loads(given)}
    config = Config(**{name: ports[name] for name in known})
    options: dict[str, Any] = json.loads(extra)
    for name, value in options.items():
        config.set(name, value)
    etcd = Path(folder, "etcd.yaml")
    etcd.write_text(json.dumps(etcd_settings(ports[CLIENTS], ports[PEERS])), encoding="utf-8")
    os.environ["ETCD_CONFIG_PATH"] = str(etcd)  # the server takes it for its setting etcd.config.path
    server = Server(config)
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
