"""Opening a connection to Milvus: embedded (a `.db` folder) or a server. Every failure gets its own sentence."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import StoreUnavailable
from ..messages import reason
from . import lite, logs
from .connection import Connection
from .databases import DATABASES
from .failures import Address, mapped

if TYPE_CHECKING:
    from pymilvus import MilvusClient

EMBEDDED_SECONDS = 600.0
"""Timeout of the engine in this process. It cannot hang like a server; writing out a large ingest may take minutes."""

NEVER_MS = 2**31 - 1
"""Milliseconds that gRPC takes for no keepalive at all."""


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
