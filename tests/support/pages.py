"""Pages to test against, each in a process of its own as users run it."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import httpx

from tests import ROOT

from .forked_pages import ForkedPage

PATIENCE_S = 120.0
"""For the page to come up on a busy machine, and to end: models that load are waited for."""


@contextmanager
def scripted_page(
    folder: Path,
    *,
    pause: float = 0.0,
    gate: Path | None = None,
    env: Mapping[str, str] | None = None,
    port: int | None = None,
) -> Iterator[str]:
    """The page over the scripted service, which reads `RAG_DATA_DIR` and the settings of what is in front of it."""
    port = port or free_port()
    own = _own(folder, env or {})
    log = folder / "server.log"
    page = ForkedPage(port=port, pause=pause, gate=str(gate or ""), env=own, log=log)
    try:
        yield _address_once_up(port, page, log)
    finally:
        page.end()


@contextmanager
def real_page(folder: Path, env: Mapping[str, str], *, port: int | None = None) -> Iterator[str]:
    """The product with the offline models and an embedded database in `folder`."""
    port = port or free_port()
    log = folder / "server.log"
    page = ForkedPage(env=_of_the_product(folder, env, port), log=log)
    try:
        yield _address_once_up(port, page, log)
    finally:
        page.end()


@contextmanager
def started_page(folder: Path) -> Iterator[str]:
    """`python app.py`, which loads everything itself as for a user: a `real_page` is up seconds sooner."""
    port = free_port()
    own = _of_the_product(folder, {}, port)
    with (folder / "server.log").open("wb") as log:
        command = [sys.executable, "app.py"]
        process = subprocess.Popen(command, cwd=ROOT, env=own, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield _address_once_up(port, process, folder / "server.log")
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


@contextmanager
def visitor(
    address: str, *, origin: str = "", headers: Mapping[str, str] | None = None, source: str = "127.0.0.1"
) -> Iterator[httpx.Client]:
    """A browser that has opened the page at `address`: its cookie, its token, and the origin it would name.

    `source` is one of loopback's addresses, where the browser sits.
    """
    transport = httpx.HTTPTransport(local_address=source)
    with httpx.Client(transport=transport, timeout=60) as opening:
        page = opening.get(f"{address}/", headers=dict(headers or {}))
    token = re.search('<meta name="plainsight-token" content="([0-9a-f]+)">', page.text)
    assert token, f"no token in {page.text[:300]!r}"
    cookie = page.headers["set-cookie"].partition(";")[0]
    own = {"cookie": cookie, "origin": origin or address, "x-plainsight-token": token[1], **(headers or {})}
    transport = httpx.HTTPTransport(local_address=source)
    with httpx.Client(base_url=address, headers=own, transport=transport, timeout=60) as client:
        yield client


def config(address: str) -> dict[str, Any]:
    """What the page at `address` is told of its components and calls."""
    told = re.search("window.gradio_config = (.*?);</script>", httpx.get(address).text)
    assert told
    found: dict[str, Any] = json.loads(told[1])
    return found


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def _of_the_product(folder: Path, env: Mapping[str, str], port: int) -> dict[str, str]:
    return _own(folder, {"RAG_PROFILE": "offline", "RAG_DATA_DIR": str(folder / "data"), "RAG_PORT": str(port), **env})


def _own(folder: Path, env: Mapping[str, str]) -> dict[str, str]:
    """The environment of a page that keeps everything in `folder`, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    return {**os.environ, "GRADIO_TEMP_DIR": str(folder / "uploads"), **env}


class _Running(Protocol):
    def poll(self) -> int | None: ...


def _address_once_up(port: int, process: _Running, log: Path) -> str:
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.head(address, timeout=5).status_code == 200:
                return address
        except httpx.TransportError:
            time.sleep(0.1)  # not listening yet; there is no event to wait for across processes
    raise AssertionError(f"the page did not come up:\n{log.read_text(encoding='utf-8', errors='replace')[-3000:]}")
