"""What pymilvus raises, turned into the errors of this product: one table, one context manager."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ..errors import StoreError, StoreUnavailable
from ..messages import reason

NOT_LOADED = 101
"""Milvus code: the collection exists but is not in memory, as after a restart."""

_UNAVAILABLE_CODES = {2: "store.unreachable", 503: "store.recovering"}
_NO_DATABASE = 800
_NO_SUCH_DATABASE = re.compile(r"^database \S+ (not found|does not exist)")
_DETAIL = 300
"""Characters of Milvus's own words that are passed on."""


@dataclass(frozen=True, slots=True)
class Address:
    """How a database is named in messages: without credentials."""

    shown: str
    database: str
    seconds: float
    """The timeout of a call."""


@contextmanager
def mapped(address: Address) -> Iterator[None]:
    """Raise StoreUnavailable or StoreError in place of whatever pymilvus and gRPC raise inside."""
    import grpc
    from pymilvus.exceptions import MilvusException

    try:
        yield
    except (MilvusException, grpc.RpcError) as e:
        raise translated(e, address) from e
    except ValueError as e:
        if "closed channel" not in str(e):
            raise
        raise StoreUnavailable(reason("store.closed", uri=address.shown)) from e


def translated(failure: Exception, address: Address) -> StoreError:
    """The error a user can act on for one of pymilvus's or gRPC's."""
    status, details = rpc_status(failure)
    if status == "UNAVAILABLE" and ("ssl" in details.lower() or "handshake" in details.lower()):
        return StoreUnavailable(reason("store.tls", uri=address.shown))
    if status == "DEADLINE_EXCEEDED":
        return StoreUnavailable(reason("store.too_slow", uri=address.shown, seconds=address.seconds))
    named = {"UNAVAILABLE": "unreachable", "UNAUTHENTICATED": "unauthenticated", "PERMISSION_DENIED": "forbidden"}
    if status in named:
        return StoreUnavailable(reason(f"store.{named[status]}", uri=address.shown))
    code = getattr(failure, "code", None)
    detail = " ".join(str(getattr(failure, "message", "") or details or failure).split())
    if code == _NO_DATABASE or _NO_SUCH_DATABASE.search(detail):
        return StoreUnavailable(reason("store.no_database", uri=address.shown, database=address.database))
    if isinstance(code, int) and code in _UNAVAILABLE_CODES:
        return StoreUnavailable(reason(_UNAVAILABLE_CODES[code], uri=address.shown))
    return StoreError(reason("store.refused", uri=address.shown, detail=detail[:_DETAIL]))


def rpc_status(failure: BaseException) -> tuple[str, str]:
    """Name of the gRPC status code at the bottom of `failure`, and its details; empty when no RPC failed.

    pymilvus raises `e from e`, so the chain of causes may be a circle.
    """
    import grpc

    seen: set[int] = set()
    step: BaseException | None = failure
    while step is not None and id(step) not in seen:
        seen.add(id(step))
        if isinstance(step, grpc.RpcError) and isinstance(step, grpc.Call):
            return step.code().name, step.details() or ""
        step = step.__cause__
    return "", ""


def is_not_loaded(failure: Exception) -> bool:
    """Whether `failure` says that the collection must be loaded first."""
    return getattr(failure, "code", None) == NOT_LOADED
