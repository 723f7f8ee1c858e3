"""Files named by the sha256 of their bytes, never by the name they came with, and readable by their owner alone."""

from __future__ import annotations

import contextlib
import hashlib
import os
import uuid
from pathlib import Path

from rag.private_files import private_folder

PART = ".part"
"""Ending of a file that is being written."""


class ContentFiles:
    """One folder of such files. Every call raises OSError when a file cannot be used, and none changes one in place."""

    def __init__(self, folder: Path, *, fan: int = 0) -> None:
        """`fan` is the number of first digits that name a folder of their own."""
        self.folder = folder
        self._fan = fan

    def place(self, sha256: str) -> Path:
        """Return the path where the file is, or would be."""
        return self.folder / sha256[: self._fan] / sha256

    def has(self, sha256: str) -> bool:
        """True if the file exists. Damage is seen only when it is read."""
        return self.place(sha256).is_file()

    def sound(self, sha256: str) -> bool:
        """True if the file's bytes have the sha256 that its name says."""
        with self.place(sha256).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256

    def put(self, sha256: str, data: bytes, *, same: Path | None = None) -> None:
        """Write a file whole or not at all; on one file system, and none there yet, it only links to the `same`."""
        place = self.place(sha256)
        private_folder(place.parent)
        with contextlib.suppress(OSError):
            if same:
                os.link(same, place)
                return
        part = place.with_name(f"{sha256}.{uuid.uuid4().hex}{PART}")
        try:
            part.write_bytes(data)
            part.replace(place)
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)

    def move(self, sha256: str, to: Path) -> None:
        """Put the file elsewhere on its file system, in the place of what is there."""
        private_folder(to.parent)
        self.place(sha256).replace(to)
