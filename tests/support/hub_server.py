"""A model hub on loopback that speaks the real protocol: model info, resolve with redirect, ranges, etags."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from urllib.parse import unquote, urlsplit

COMMIT = "a" * 40


@dataclass
class Hub:
    """What the server offers and how it behaves. Change it between requests."""

    model_id: str
    files: Mapping[str, bytes]
    address: str = ""
    storage: str = ""
    """Where large files are: another host name, as with the real hub."""
    branch: str = "main"
    status: int = 200
    """Of the model info; the rest works."""
    redirect_to: str = ""
    """Where the model info is sent on to."""
    body: bytes | None = None
    """Sent instead of the model info."""
    drip: bool = False
    """The model info never ends: one blank at a time."""
    cut_after: int | None = None
    """Bytes after which the transfer of a large file breaks off; every time the same number."""
    ignore_ranges: bool = False
    damage: str = ""
    """Name of a file whose bytes arrive changed."""
    requests: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    closing: Event = field(default_factory=Event)


def blob_of(data: bytes, *, large: bool) -> str:
    if large:
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def is_large(name: str) -> bool:
    """What the real hub keeps outside git, behind a redirect."""
    return name.endswith((".safetensors", ".bin"))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        hub = self.hub
        hub.requests.append(f"{self.command} {path} {self.headers.get('Range', '')}".rstrip())
        hub.agents.add(self.headers.get("User-Agent", ""))
        if path.startswith("/api/"):
            return self._info(path)
        if path.startswith("/storage/"):
            return self._send_file(path.removeprefix("/storage/"))
        name = path.removeprefix(f"/{hub.model_id}/resolve/{COMMIT}/")
        if name not in hub.files:
            return self._reply(404, b"Entry not found", {"X-Error-Code": "EntryNotFound"})
        data = hub.files[name]
        etag = f'"{blob_of(data, large=is_large(name))}"'
        if not is_large(name):
            return self._send_file(name, {"ETag": etag, "X-Repo-Commit": COMMIT})
        linked = {"X-Linked-Etag": etag, "X-Linked-Size": str(len(data)), "X-Repo-Commit": COMMIT}
        return self._reply(302, b"", {**linked, "Location": f"{hub.storage}/storage/{name}"})

    def _info(self, path: str) -> None:
        hub = self.hub
        if hub.drip:
            return self._drip()
        if hub.redirect_to:
            return self._reply(307, b"", {"Location": f"{hub.redirect_to}{self.path}"})
        if hub.status != 200:
            return self._reply(hub.status, b'{"error": "refused"}', {"X-Error-Message": "refused"})
        if hub.body is not None:
            return self._reply(200, hub.body, {"Content-Type": "text/html"})
        if path == f"/api/models/{hub.model_id}/tree/{COMMIT}":
            tree = [self._entry(name, data) for name, data in hub.files.items()]
            return self._reply(200, json.dumps(tree).encode(), {"Content-Type": "application/json"})
        if path not in {f"/api/models/{hub.model_id}/revision/{r}" for r in (hub.branch, COMMIT)}:
            return self._reply(404, b"{}", {"X-Error-Code": "RepoNotFound"})
        siblings = [self._sibling(name, data) for name, data in hub.files.items()]
        info = {"id": hub.model_id, "sha": COMMIT, "siblings": siblings}
        return self._reply(200, json.dumps(info).encode(), {"Content-Type": "application/json"})

    def _sibling(self, name: str, data: bytes) -> dict[str, object]:
        git = {"rfilename": name, "size": len(data), "blobId": blob_of(data, large=False)}
        if not is_large(name):
            return git
        return {**git, "lfs": {"sha256": blob_of(data, large=True), "size": len(data), "pointerSize": 130}}

    def _entry(self, name: str, data: bytes) -> dict[str, object]:
        file = {"type": "file", "path": name, "size": len(data), "oid": blob_of(data, large=False)}
        if not is_large(name):
            return file
        return {**file, "lfs": {"oid": blob_of(data, large=True), "size": len(data), "pointerSize": 130}}

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        self.close_connection = True
        while not self.hub.closing.wait(0.01):
            try:
                self.wfile.write(b" ")
            except OSError:
                return

    def _send_file(self, name: str, headers: Mapping[str, str] | None = None) -> None:
        data = self.hub.files[name]
        if name == self.hub.damage:
            data = data[:-1] + bytes([data[-1] ^ 1])
        start = 0
        asked = self.headers.get("Range", "")
        if asked and not self.hub.ignore_ranges:
            start = int(asked.removeprefix("bytes=").partition("-")[0])
        ranged = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
        cut = self.hub.cut_after if is_large(name) else None
        self._reply(206 if start else 200, data[start:], {**(headers or {}), **ranged}, cut=cut)

    def _reply(self, status: int, body: bytes, headers: Mapping[str, str], *, cut: int | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(body if cut is None else body[:cut])
        if cut is not None and cut < len(body):
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Silence."""


@contextmanager
def serve(hub: Hub) -> Iterator[Hub]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("BoundHandler", (Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    hub.storage = f"http://localhost:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.closing.set()
        server.shutdown()
        server.server_close()
        thread.join(10)


def files_of(folder: Path) -> dict[str, bytes]:
    """All files below a folder, by their path in it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
