"""An open connection to Milvus, embedded (a `.db` folder) or a server: calls, locks, what one failed write leaves."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

from ..errors import StoreUnavailable
from ..messages import reason
from . import lite, logs
from .databases import DATABASES, OpenDatabase
from .failures import Address, is_not_loaded, mapped

if TYPE_CHECKING:
    from pymilvus import MilvusClient

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
