"""The check, made before files are written, that the disks have room for them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from rag.messages import Reason, reason

RESERVE = 32_000_000
"""Bytes that stay free: answers are kept, logs written and data files merged while documents come."""

GROWTH = 12
"""Bytes a document takes per byte of its file: vectors, text and log, and once more while they are merged."""


def free_at(folder: Path) -> int:
    """Return the bytes a user may still write in a folder, or where it would be made. Raises OSError."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    return shutil.disk_usage(there).free


class DiskRoom:
    """Room on the disks of the folders that documents are written to."""

    def __init__(
        self, folders: Sequence[Path], *, reserve: int = RESERVE, free: Callable[[Path], int] = free_at
    ) -> None:
        self._folders = [folder.expanduser().absolute() for folder in folders]
        self._reserve = reserve
        self._free = free

    def __call__(self, size: int) -> Reason | None:
        """Return why a file of `size` bytes must wait, None when it need not. Unknown room stops nothing."""
        for folder in self._folders:
            try:
                if self._free(folder) < self._reserve + GROWTH * size:
                    return reason("jobs.no_room", path=str(folder))
            except OSError:
                continue
        return None
