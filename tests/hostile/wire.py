"""The bare wire to the started app, and what no answer may hold."""

from __future__ import annotations

import socket
from contextlib import suppress

import httpx

from .target import SECRET, Target

PATIENCE_S = 10.0
PAUSE_S = 0.3
"""After which nothing more of an answer is waited for."""


def client_of(target: Target, **headers: str) -> httpx.Client:
    return httpx.Client(base_url=target.address, timeout=PATIENCE_S, headers=headers)


def raw(target: Target, data: bytes) -> bytes:
    """What comes back on a connection that sends just these bytes, as long as it keeps coming."""
    found = b""
    with socket.create_connection(("127.0.0.1", target.port), PATIENCE_S) as connection, suppress(OSError):
        connection.sendall(data)
        while len(found) < 65_536 and (more := connection.recv(65_536)):
            found += more
            connection.settimeout(PAUSE_S)
    return found


def no_leak(text: str) -> None:
    assert SECRET not in text, "the key"
    assert "root:" not in text, "a file of the server"
    assert "Traceback" not in text, "a traceback"
