"""A connection to Milvus: embedded (a `.db` folder) or a server. Every failure to connect gets its own sentence."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import StoreUnavailable
from ..messages import reason
from . import lite, logs
from .databases import DATABASES, OpenDatabase
from .failures import Address, is_not_loaded, mapped

if TYPE_CHECKING:
    from pymilvus import MilvusClient

EMBEDDED_SECONDS = 600.0
"""Timeout of the engine in this process. It cannot hang like a server; writing out a large ingest may take minutes."""

NEVER_MS = 2**31 - 1
"""Milliseconds that gRPC takes for no keepalive at all."""

LOADING_SECONDS = 120.0
"""Creating or loading a collection on a server takes longer than any other call."""

LEAST_LOADING_SECONDS = 0.5
"""Least time that a call which was answered late still waits for a collection to be loaded."""


class Connection:
    """An open connection. Calls go through `call`, which adds the timeout and maps errors."""

    def __init__(
        self, client: MilvusClient, database: OpenDatabase, address: Address, *, version: str, path: str, strong: bool
    ) -> None:
        self._client = client
        self._database = database
        self._path = path
        self._strong = strong
        self._open = True
        self.address = address
        self.version = version
        """Name and version as the server reports them."""
        self.is_lite = version.startswith("milvus_lite")
        self.changes = database.changes

    @property
    def embedded(self) -> bool:
        """True if the engine runs in this process, so that no other can write."""
        return bool(self._path)

    @property
    def release(self) -> tuple[int, int] | None:
        """Major and minor version of a server, None when it does not tell."""
        found = re.search(r"(\d+)\.(\d+)", self.version)
        return (int(found[1]), int(found[2])) if found else None

    def call(self, method: str, *args: Any, **options: Any) -> Any:
        """Call a method of the client. A collection that a restart left unloaded is loaded and asked again.

        Raises StoreUnavailable when nothing (timely) answers or access is denied, StoreError when Milvus refuses.
        """
        from pymilvus.exceptions import MilvusException

        options.setdefault("timeout", self.address.seconds)
        if self._strong and options.get("consistency_level") == "Session":
            options["consistency_level"] = "Strong"
        started = time.monotonic()
        with mapped(self.address), self._whole_log(method, options.get("collection_name", "")):
            try:
                return self._bound(method)(*args, **options)
            except MilvusException as e:
                if not is_not_loaded(e) or "collection_name" not in options:
                    raise
                self._load(options["collection_name"], started)
                return self._bound(method)(*args, **options)

    def pages(self, **options: Any) -> Iterator[list[dict[str, Any]]]:
        """Rows of a `query_iterator`, page by page. Raises like `call`."""
        iterator = self.call("query_iterator", **options)
        try:
            while True:
                with mapped(self.address):
                    page: list[dict[str, Any]] = iterator.next()
                if not page:
                    return
                yield page
        finally:
            iterator.close()

    @property
    def loading_seconds(self) -> float:
        return max(self.address.seconds, LOADING_SECONDS)

    @property
    def registry_changes(self) -> int:
        """Number of times this process has changed a registry of the database, by any connection."""
        return self._database.registry_changes

    def registry_changed(self) -> None:
        """Count a change of a registry. Must be called inside `writing`."""
        self._database.registry_changes += 1

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Context of reads that must see one state of an embedded database; a server answers without waiting."""
        with self._database.access.reading() if self.embedded else nullcontext():
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Context of one write. Writers queue, because concurrent ones lose rows on Lite."""
        with self._database.access.writing():
            yield

    def close(self) -> None:
        """Close the connection; the last one of this process also releases an embedded database. Safe to repeat."""
        with DATABASES.lock:
            if not self._open:
                return
            self._open = False
            self._client.close()
            if DATABASES.leave(self._database) and self._path:
                lite.release(self._path)

    @contextmanager
    def _whole_log(self, method: str, collection: str) -> Iterator[None]:
        """Context of a call. A write that fails on Lite may have left half a record, or have taken rows out of sight:
        what was acknowledged is read again at once, before anybody else asks or writes."""
        from pymilvus.exceptions import MilvusException

        if not self.embedded or method not in ("upsert", "delete", "flush"):
            yield
            return
        self._check_there()
        if collection in self._database.torn:
            self._reread(collection)
        try:
            yield
            self._check_there()
        except MilvusException:
            self._database.torn.add(collection)
            with suppress(StoreUnavailable):  # the first failure is the one to tell; the next write begins with this
                self._reread(collection)
            raise

    def _reread(self, collection: str) -> None:
        logs.reread(self._path, collection)
        self._database.torn.discard(collection)

    def _check_there(self) -> None:
        """Raise StoreUnavailable when another folder is in its place: what deleted files are told is lost."""
        if lite.identity(self._path) != self._database.folder:
            raise StoreUnavailable(reason("store.folder_gone", uri=self._path))

    def was_left_open(self, collection: str) -> bool:
        """True if the process before did not close `collection`; told once."""
        if collection not in self._database.unclean:
            return False
        self._database.unclean.discard(collection)
        return True

    def remove_index_files(self, collection: str) -> int:
        """Delete the embedded engine's index files of `collection` and return how many there were; 0 for a server."""
        return lite.remove_index_files(self._path, collection) if self._path else 0

    def _load(self, collection: str, started: float) -> None:
        """Load a collection that a restart left unloaded.

        On a server that may take minutes: it goes on there, and StoreUnavailable says so here.
        """
        from pymilvus.exceptions import MilvusException

        spent = time.monotonic() - started
        seconds = self.loading_seconds if self.embedded else max(self.address.seconds - spent, LEAST_LOADING_SECONDS)
        try:
            self._client.load_collection(collection, timeout=seconds)
        except MilvusException as e:
            if time.monotonic() - started < spent + seconds:
                raise
            raise StoreUnavailable(reason("store.recovering", uri=self.address.shown)) from e

    def _bound(self, method: str) -> Callable[..., Any]:
        if not self._open:
            raise StoreUnavailable(reason("store.closed", uri=self.address.shown))
        bound: Callable[..., Any] = getattr(self._client, method)
        return bound


def connect(
    uri: str, *, token: str = "", database: str = "", timeout: float = 10.0, certificate: str = "", strong: bool = False
) -> Connection:
    """Open the embedded database at a path ending in `.db`, or connect to `http(s)://…`; `timeout` in seconds.

    Reads see at least what this process wrote; `strong`, what any process wrote, for some 200 ms on a server.
    `certificate` is a PEM file that a server's certificate is checked against, in place of the system's authorities.
    A missing folder is created. Raises StoreLocked when another process has the embedded database open, and
    StoreUnavailable when the database cannot be opened, does not answer in time or denies access.
    """
    path = "" if "://" in uri or uri.startswith("unix:") else lite.checked_path(uri)
    if certificate:
        _check_certificate(certificate, uri)
    address = Address(path or _without_credentials(uri), database, EMBEDDED_SECONDS if path else timeout)
    key = path or f"{address.shown}|{database}"
    _quiet_pymilvus()
    with DATABASES.lock:
        if path and path not in DATABASES:
            lite.check_unlocked(path)
            lite.prepare()
        unclean = lite.unclean(path) if path and path not in DATABASES else set()
        if unclean:
            logs.set_aside(path)
        entered = DATABASES.enter(key)
        entered.unclean |= unclean
        try:
            client, version = _client(uri, token, database, address, path, certificate)
            if path:
                entered.folder = entered.folder or lite.identity(path)
            return Connection(client, entered, address, version=version, path=path, strong=strong)
        except BaseException:
            if DATABASES.leave(entered) and path:
                lite.release(path)
            raise


def _client(
    uri: str, token: str, database: str, address: Address, path: str, certificate: str
) -> tuple[MilvusClient, str]:
    """A connected client, and the name and version that its server reports."""
    from pymilvus import MilvusClient
    from pymilvus.exceptions import ConnectionConfigException

    # A proxy of the environment is never between this process and its own engine. And a new channel must not inherit
    # the waiting time of the old one's failures, or a server that is back is not noticed for up to two minutes.
    # Nor does that engine need to be asked every ten seconds whether it still lives: it takes so many pings for abuse,
    # ends the connection and says so on the terminal.
    embedded = {"grpc.enable_http_proxy": 0, "grpc.keepalive_time_ms": NEVER_MS}
    # And pymilvus would share one connection among all that name the same address and token, whatever certificate
    # they demand, and never close it: each gets its own.
    options: dict[str, Any] = {
        "grpc_options": embedded if path else {"grpc.use_local_subchannel_pool": 1},
        "dedicated": True,
    }
    if certificate:
        options["server_pem_path"] = certificate
    with mapped(address):
        try:
            client = MilvusClient(
                path or uri, token=str.__str__(token), db_name=database, timeout=address.seconds, **options
            )
        except (ConnectionConfigException, ValueError) as e:
            if path:
                raise StoreUnavailable(reason("store.cannot_open", uri=path)) from e
            raise StoreUnavailable(reason("store.bad_address", uri=address.shown)) from e
        try:
            version = str(client.get_server_version(timeout=address.seconds))
        except BaseException:
            client.close()
            raise
    return client, version


def _check_certificate(certificate: str, uri: str) -> None:
    """Raise StoreUnavailable unless the file is there and will be used: over http:// nothing would be encrypted."""
    if not uri.startswith("https://"):
        raise StoreUnavailable(reason("store.certificate_unused"))
    try:
        Path(certificate).read_bytes()
    except OSError as e:
        raise StoreUnavailable(reason("store.no_certificate", path=certificate, detail=e.strerror or str(e))) from e


def _without_credentials(uri: str) -> str:
    try:
        parts = urlsplit(uri)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    except ValueError:
        return uri.rpartition("@")[2]


def _quiet_pymilvus() -> None:
    """Silence three loggers of pymilvus, which repeat errors raised here or warn that Lite has no clock of a server.

    Importing pymilvus sets the levels of all its loggers, so that comes first. It also reads MILVUS_URI, which is the
    name of our own setting, and breaks on everything but a server's address.
    """
    ours = os.environ.pop("MILVUS_URI", None)
    try:
        import pymilvus  # noqa: F401
    finally:
        if ours is not None:
            os.environ["MILVUS_URI"] = ours

    logging.getLogger("pymilvus.decorators").setLevel(logging.CRITICAL)
    logging.getLogger("pymilvus.client.connection_manager").setLevel(logging.ERROR)
    logging.getLogger("pymilvus.client.iterator.query_iterator").setLevel(logging.ERROR)
