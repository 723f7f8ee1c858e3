"""Quota of a visitor's uploads within an hour, and of the disk's free bytes. Counted while the bytes come."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.messages import Reason, reason

WINDOW_SECONDS = 3600.0
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Payer:
    """Account an upload is counted for; its limit is `share` times the allowance of one visitor."""

    key: str
    share: int = 1


@dataclass(frozen=True, slots=True)
class Allowance:
    """Bytes and files one visitor may upload within the window."""

    bytes: int
    files: int


@dataclass
class _Spent:
    bytes: int = 0
    files: int = 0


class Quota:
    """Uploads since the window began, by payer. Safe for many threads.

    `free` returns the free bytes of the disk, of which `reserve` are not for uploads: databases need them to go on.
    """

    def __init__(
        self,
        allowance: Allowance,
        *,
        free: Callable[[], int],
        reserve: int,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._allowance = allowance
        self._free = free
        self._reserve = reserve
        self._now = now
        self._lock = threading.Lock()
        self._window = -1
        self._spent: dict[str, _Spent] = {}

    def room(self, size: int) -> Reason | None:
        """Reason why the disk has no room for `size` more bytes; None where it has."""
        if self._free() - size >= self._reserve:
            return None
        return reason("ui.disk_full", reserve=self._reserve // MEGABYTE)

    def spend(self, payers: Sequence[Payer], size: int, files: int) -> Reason | None:
        """Count an upload for all payers. Returns the reason, with nothing counted, if one of them has spent it all."""
        with self._lock:
            self._begin_window()
            for payer in payers:
                spent = self._spent.get(payer.key, _Spent())
                if spent.bytes + size > payer.share * self._allowance.bytes:
                    return self._over("ui.upload_quota", self._allowance.bytes // MEGABYTE)
                if spent.files + files > payer.share * self._allowance.files:
                    return self._over("ui.upload_quota_files", self._allowance.files)
            self._add(payers, size, files)
            return None

    def give_back(self, payers: Sequence[Payer], size: int) -> None:
        """Take back the bytes that were announced and never came."""
        with self._lock:
            self._add(payers, -size, 0)

    def _add(self, payers: Sequence[Payer], size: int, files: int) -> None:
        for payer in payers:
            spent = self._spent.setdefault(payer.key, _Spent())
            spent.bytes, spent.files = max(0, spent.bytes + size), spent.files + files

    def _begin_window(self) -> None:
        window = int(self._now() // WINDOW_SECONDS)
        if window != self._window:
            self._window, self._spent = window, {}

    def _over(self, code: str, limit: int) -> Reason:
        left = WINDOW_SECONDS - self._now() % WINDOW_SECONDS
        return reason(code, limit=limit, minutes=int(left // 60) + 1)
