"""Waiting for models that still load, without losing what was asked of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .errors import RagError
from .events import Cancel
from .status import PartState, PartStatus, Status

READY_POLL = 0.25
"""Seconds between looks at models that still load."""


def wait_until_ready(status_now: Callable[[], Status], cancel: Cancel) -> None:
    """Until the models can be used. Raises RagError when they never will."""
    while not (status := status_now()).ready and not cancel:
        failed = [p for p in status.parts if p.state is PartState.FAILED and p.reason and p.part != "chat"]
        if failed and failed[0].part != "store" and failed[0].reason:
            raise RagError(failed[0].reason)
        if failed and not is_loading(status.parts):
            return  # a database that was away is tried again by the question itself
        cancel.flag.wait(READY_POLL)


def is_loading(parts: Iterable[PartStatus]) -> bool:
    """Whether any part is still on its way."""
    return any(p.state in (PartState.WAITING, PartState.LOADING, PartState.DOWNLOADING) for p in parts)
