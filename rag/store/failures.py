"""The exceptions of pymilvus turned into the errors of this product: one table, one context manager."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ..errors import StoreError, StoreSilent, StoreUnavailable
from ..messages import Reason, reason

NOT_LOADED = 101
"""Milvus code: the collection exists but is not in memory, as after a restart."""

_UNREACHABLE = 2
_RECOVERING = frozenset({103, 106, 202, 400, 401, 500, 501, 503, 600, 601, 602, 901, 902, 903, 904, 905})
"""Milvus codes: a collection, replica, channel, segment or node is not there yet, or not any more (pkg/util/merr)."""
_TIMED_OUT = frozenset({10000, 10001})
"""Milvus codes: the deadline, which travels with a call, passed while the server worked on it."""
_NO_DATABASE = 800
_NO_SUCH_DATABASE = re.compile(r"\bdatabase[:\s]\s*\S+ (not found|does not exist)")
_NOT_READY = re.compile(r"not ready|service unavailable|not healthy", re.IGNORECASE)
"""Message of a server between opening its port and being able to work."""
_HANGS_UP = re.compile(r"socket closed|connection reset|end of file|goaway", re.IGNORECASE)
_GAVE_UP = re.compile(r"context (done|deadline exceeded|cancell?ed)", re.IGNORECASE)
"""Message of older servers, which have no code for it, that the deadline has passed."""
_FULL = re.compile(r"No space left|File too large|Disk quota|\[[Ee]rrno (27|28|122)\]")
_TOO_SLOW = "store.too_slow"
_DETAIL = 300
"""Characters of Milvus's own words that are passed on."""


@dataclass(frozen=True, slots=True)
class Address:
    """Name of a database in messages, without credentials, and the timeout of its calls."""

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
    detail = " ".join(str(getattr(failure, "message", "") or details or failure).split())
    why = _of_call(status, details, address) or _of_code(getattr(failure, "code", None), detail, address)
    if why:
        return (StoreSilent if why.code == _TOO_SLOW else StoreUnavailable)(why)
    return StoreError(reason("store.refused", uri=address.shown, detail=detail[:_DETAIL]))


def _of_call(status: str, details: str, address: Address) -> Reason | None:
    """Reason that a gRPC status gives, None when it says nothing in particular."""
    match status:
        case "UNAVAILABLE" if "ssl" in details.lower() or "handshake" in details.lower():
            return reason("store.tls", uri=address.shown)
        case "UNAVAILABLE" if _HANGS_UP.search(details):
            return reason("store.hangs_up", uri=address.shown)
        case "UNAVAILABLE":
            return reason("store.unreachable", uri=address.shown)
        case "UNAUTHENTICATED":
            return reason("store.unauthenticated", uri=address.shown)
        case "PERMISSION_DENIED":
            return reason("store.forbidden", uri=address.shown)
        case "DEADLINE_EXCEEDED":
            return reason(_TOO_SLOW, uri=address.shown, seconds=address.seconds)
    return None


def _of_code(code: object, detail: str, address: Address) -> Reason | None:
    """Reason that Milvus's own code or words give, None when the server is there and means no."""
    if code == _NO_DATABASE or _NO_SUCH_DATABASE.search(detail):
        return reason("store.no_database", uri=address.shown, database=address.database)
    if _FULL.search(detail):
        return reason("store.disk_full", uri=address.shown)
    if code == _UNREACHABLE:
        return reason("store.unreachable", uri=address.shown)
    if code in _TIMED_OUT or _GAVE_UP.search(detail):
        return reason(_TOO_SLOW, uri=address.shown, seconds=address.seconds)
    if code in _RECOVERING or _NOT_READY.search(detail):
        return reason("store.recovering", uri=address.shown)
    return None


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
    """True if `failure` says that the collection must be loaded first."""
    return getattr(failure, "code", None) == NOT_LOADED
